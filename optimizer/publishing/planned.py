"""Which images can be published without a build of their Dockerfile."""

from __future__ import annotations

from pathlib import Path

from optimizer.adapters.plan_files import planned_image
from optimizer.errors import ContextError
from optimizer.model.build import BuildOptions
from optimizer.planning.document import KeptPlan


class NotPlanned(Exception):
    """An image that only a build of its Dockerfile makes; says why, as part of a sentence, and what to do, if anything is wrong."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.hint = hint


def planned(directory: Path, options: BuildOptions) -> KeptPlan:
    """The plan of the image of a build context.

    Raises :class:`NotPlanned`, and :class:`ContextError` for a Dockerfile that
    cannot be read.
    """
    path = directory / options.dockerfile
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContextError(f'"{path}" cannot be read: {error}', str(path), "run cdk synth again") from None
    found = planned_image(directory, options, text)
    if found.planned is None:
        if found.note:
            raise NotPlanned(found.note, "run cdk synth again")
        raise NotPlanned("its Dockerfile was written by hand, or CDK builds it with options of its own")
    plan = found.planned.plan
    if options.platform not in (None, plan.platform):
        raise NotPlanned(f"it is to be built for {options.platform}, and was planned for {plan.platform}")
    return found.planned
