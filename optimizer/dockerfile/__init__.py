"""Dockerfiles as text: from a plan, and back to instructions."""

from __future__ import annotations

from optimizer.dockerfile.render import BASE, BUILD, Profile, render

__all__ = ["BASE", "BUILD", "Profile", "render"]
