"""``plan`` as a program calls it: with a directory in place of the project's files."""

from __future__ import annotations

from pathlib import Path

from optimizer.bases.lock import Lock
from optimizer.bases.mirror import Mirror
from optimizer.bases.tools import Tools
from optimizer.model.plan import BuildPlan
from optimizer.model.spec import ImageSpec
from optimizer.planning import plan as _plan
from optimizer.project.files import Project


def plan(spec: ImageSpec, lock: Lock, *, root: str | Path = ".", mirror: Mirror | None = None, tools: Tools | None = None) -> BuildPlan:
    """The build plan of a spec, whose paths start at ``root``.

    ``mirror`` is where images are pulled from, and ``tools`` are the programs
    and builder images that a house chose; by default each comes from its own
    place.  Equal arguments and equal files give equal plans.  Raises
    :class:`OptimizerError` with every fault of the spec.
    """
    return _plan(spec, lock, Project(root), mirror=mirror or Mirror(), tools=tools or Tools())
