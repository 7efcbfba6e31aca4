"""Reading the files of a project."""
