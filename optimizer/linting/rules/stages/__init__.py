"""LIO2: stages, and what reaches the final image."""
