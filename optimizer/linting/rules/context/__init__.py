"""LIO5: build contexts and ignore files."""
