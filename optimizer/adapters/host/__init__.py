"""Trees of stages made on this machine, without a container: only of recipes in which nothing of a dependency runs."""
