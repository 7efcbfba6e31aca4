"""LIO4: what makes two builds differ."""
