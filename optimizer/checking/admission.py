"""Whether images may leave for a registry, an engine or a file: they are held against the budgets of their project first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from optimizer.config.nearest import configured
from optimizer.model.plan import BuildPlan
from optimizer.model.progress import Noted, Report
from optimizer.model.publication import Admit, ImageResult, PublishedSize


class LeavingImage(Protocol):
    """An image with its plan and its build context; ``name`` is that by which budgets find it."""

    @property
    def name(self) -> str: ...
    @property
    def plan(self) -> BuildPlan: ...
    @property
    def directory(self) -> Path: ...


def admission(
    path: str,
    images: Sequence[LeavingImage],
    report: Report,
    *,
    before: Mapping[str, PublishedSize] = MappingProxyType({}),
    consequence: str = "nothing was published",
) -> Admit:
    """Holds the images against the budgets of the configuration that holds for a path.

    ``before`` has their sizes in the last deployment, by name; ``consequence``
    is what a refusal means.  Budgets are read at once: raises
    :class:`ConfigurationError` for one that is wrong, before anything is sent.
    """
    if not configured(path, "budgets"):
        return lambda results: None
    # Imported here: to read all rules takes as long as to push a layer, and most configurations have no budgets.
    from optimizer.adapters.plan_files import archive_sizes
    from optimizer.checking.budgets import budgets_for, check_budgets
    from optimizer.linting.budgets import planned_sizes

    budgets = budgets_for(path)

    def admit(results: Sequence[ImageResult]) -> None:
        unpacked = {image.name: planned_sizes(image.plan, archive_sizes(image.plan, image.directory))[1] for image in images}
        # Of a runtime there is an image for each platform, and budgets know the construct.
        constructs = {image.name: image.name.removesuffix(f" ({image.plan.platform})") for image in images}
        check_budgets(results, budgets, before, unpacked, lambda text: report(Noted(f"note: {text}")), consequence, constructs)

    return admit
