"""What is published, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
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
        """The key of a stage."""
        return self.kept.keys[stage.name]


Report = Callable[[str], None]
"""Takes one line about what happens, for people."""
