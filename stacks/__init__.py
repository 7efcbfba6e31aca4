"""The stacks of the example app."""
