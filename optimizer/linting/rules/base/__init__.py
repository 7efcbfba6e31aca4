"""LIO1: base images and builder images."""
