"""Which packages of a fleet have layers of their own, so that deployments are expected to push the fewest bytes."""
