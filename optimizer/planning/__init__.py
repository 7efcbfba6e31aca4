"""From a specification to a build plan: split, order, explain; pure functions of values."""

from __future__ import annotations

from optimizer.planning.plan import plan, required_images

__all__ = ["plan", "required_images"]
