"""Sizes for people."""

from __future__ import annotations


def size_text(size: int | None) -> str:
    """Bytes for a person, in powers of ten; ``-`` where unknown."""
    if size is None:
        return "-"
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB"):
        if value < 999.95:
            break
        value, unit = value / 1000, larger
    return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"
