"""LIO3: the order of instructions."""
