"""Where an image can be read from."""

from __future__ import annotations

SOURCES = ("archive", "layout", "engine", "registry")
"""A file of ``docker save``, an OCI layout, the engine of this machine, a registry."""
