"""Dockerfiles as text: from a plan, and back to instructions."""

from __future__ import annotations

from optimizer.dockerfile.render import Profile, render

__all__ = ["Profile", "render"]
