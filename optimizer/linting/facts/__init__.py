"""Facts about a Dockerfile, a base image or a repository, for the rules."""
