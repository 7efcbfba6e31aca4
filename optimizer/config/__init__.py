"""Configuration: the files, the settings of a project, and the conventions that they hold for which paths."""
