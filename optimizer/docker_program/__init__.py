"""``optimizer-docker``: stands where ``CDK_DOCKER`` wants a docker, and assembles what this project generated."""
