"""LIO8: secrets in images."""
