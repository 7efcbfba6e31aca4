"""Functions, run on this machine by the container engine."""
