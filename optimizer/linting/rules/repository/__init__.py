"""LIO7: repositories of images."""
