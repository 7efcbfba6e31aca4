"""The order of steps that must share one stage: its cost, and the order that makes it least."""
