"""The programs that stages run, which the images under them must have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from optimizer.builders.docker.actions import Run, Script
from optimizer.builders.docker.lower import stage_bodies
from optimizer.model.plan import BuildPlan

_WITH_A_SHELL = frozenset(
    ("sh", "env", "cat", "chmod", "cp", "echo", "ln", "mkdir", "mv", "printf", "rm", "rmdir", "test", "touch", "true")
)
"""What each image with a shell has, AL2023-minimal too."""


def programs_of_steps(plan: BuildPlan) -> Mapping[str, tuple[str, ...]]:
    """The programs that the stages of each step run in the base of the image, by the name of the step, those of every shell left out.

    What a shell is told to run is not looked at.
    """
    found: dict[str, dict[str, None]] = {}
    for name, body in stage_bodies(plan).items():
        if _stands_on_base(plan, name):
            runs = [action for action in body.actions if isinstance(action, Run)]
            programs = {program: None for run in runs for command in run.commands for program in _program(command)}
            if programs:
                found.setdefault(plan.stage(name).step, {}).update(programs)
    return {step: tuple(programs) for step, programs in found.items()}


def _stands_on_base(plan: BuildPlan, name: str) -> bool:
    origin = plan.stage(name).origin
    return _stands_on_base(plan, origin) if isinstance(origin, str) else origin == plan.base


def _program(command: tuple[str, ...] | Script) -> Iterator[str]:
    words = command.words if isinstance(command, Script) else command
    # The variables of `env` come before the program.
    first = next((word for word in words if word != "env" and "=" not in word), "")
    if first and first not in _WITH_A_SHELL:
        yield first
