"""The builder that is a container engine: a Dockerfile and its build context."""
