"""What is published, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from optimizer.model.build import BuildOptions
from optimizer.model.plan import BuildPlan, Stage
from optimizer.model.reference import ImageReference
from optimizer.planning.document import KeptPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishImage:
    """An image to publish: ``directory`` is its build context, ``destinations`` are its names, each with a tag."""

    name: str
    kept: KeptPlan
    directory: Path
    destinations: tuple[ImageReference, ...]
    options: BuildOptions = BuildOptions()

    @property
    def plan(self) -> BuildPlan:
        return self.kept.plan

    def key(self, stage: Stage) -> str:
        """The key of a layer: that of its stage.

        Stages in place are found, or made, all together: each stands on what
        was installed below it.  So the key of each but the last is the last
        one's, with a number.
        """
        in_place = [each.name for each in self.plan.stages if each.in_place]
        if stage.name in in_place[:-1]:
            return f"{self.kept.keys[in_place[-1]]}.{in_place.index(stage.name)}"
        return self.kept.keys[stage.name]
