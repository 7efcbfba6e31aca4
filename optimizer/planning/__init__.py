"""From a specification to a build plan: split, order, explain; pure functions of values."""
