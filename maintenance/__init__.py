"""Programs for those who carry the project on; no part of the wheel."""
