"""Checking subjects under the conventions that hold for them: what the command, the constructs and ``optimizer.lint`` share."""
