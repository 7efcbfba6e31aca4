"""What can be told of a Dockerfile, a base image or a repository; rules ask, nothing here judges."""
