"""LIO6: what Lambda demands, of Dockerfiles, functions and built images."""
