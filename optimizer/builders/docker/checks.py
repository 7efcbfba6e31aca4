"""Stages that make nothing, and end a build whose layers do not fit together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from optimizer.builders.docker.actions import PARTS, Run, StageBody
from optimizer.builders.docker.script_files import tree_script
from optimizer.builders.parts import may_lack, parts_of
from optimizer.model.architectures import BY_NAME
from optimizer.model.plan import BuildPlan

_PURPOSE = "Ends the build where two layers of one lock hold the same path, or a package needs another that the lock lacks."


class Check(NamedTuple):
    """A stage that starts from ``origin``, whose tree the image takes from it: the same tree, after the check."""

    name: str
    origin: str
    body: StageBody


def checks(plan: BuildPlan) -> Mapping[str, Check]:
    """The checks of a plan by the names of the stages that they start from.

    The parts of one lock are looked at from the last of them, so that none of
    them depends on another.
    """
    found = {}
    for parts in parts_of(plan).values():
        *others, last = [part.name for part in parts]
        needs = may_lack(parts[-1])
        if not (others or needs):
            continue
        # As it is in the image, on whatever machine it is looked at; empty where nobody asks what packages need.
        machine = BY_NAME[plan.architecture].machine if needs else ""
        script = tree_script("parts_python.py", _PURPOSE, (machine, PARTS, last, *others))
        # No step has a name with two hyphens in a row.
        body = StageBody(actions=(Run(commands=(script,), trees=tuple(others), network=False),))
        found[last] = Check(f"{last}--checked", last, body)
    return found
