"""What a build plan and a synthesized app look like to a person and to a machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.model.plan import BuildPlan, Stage
from optimizer.model.reference import ImageReference
from optimizer.report.sizes import size_text
from optimizer.report.table import table


def plan_as_text(name: str, plan: BuildPlan) -> str:
    """The plan as a table of its layers, the most stable first."""
    rows = []
    for number, stage in enumerate([*(stage for stage in plan.stages if stage.in_place), *map(plan.stage, plan.layers)], 1):
        origin = _origin(stage, plan)
        rows.append((str(number), stage.name, stage.stability.value, origin, stage.title))
    head = f"{name}: {plan.runtime}, {plan.architecture}\nbase: {plan.base}"
    if not rows:
        return f"{head}\nno layers: the image is the base"
    reasons = [f"  {stage.name} is built on {plan.platform}: {stage.on_target.reason}" for stage in plan.stages if stage.on_target]
    reasons += [f"  {stage.name} downloads {size_text(stage.download_bytes)}" for stage in plan.stages if stage.download_bytes]
    reasons += [f"  {stage.name} leaves out {', '.join(stage.recipe.left_out)}" for stage in plan.stages if stage.recipe.left_out]
    return "\n".join([head, table(("layer", "stage", "changes", "built on", "what it holds"), rows, "  "), *reasons])


def _origin(stage: Stage, plan: BuildPlan) -> str:
    if stage.archive_alone:
        return "nothing"
    if stage.origin == plan.base:
        return "base"
    return stage.origin if isinstance(stage.origin, str) else short_reference(stage.origin)


def short_reference(reference: ImageReference) -> str:
    """A reference whose digest is cut to what a person compares."""
    return f"{reference.tagged}@{reference.digest[:19]}" if reference.digest else str(reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRow:
    """What is shown of one function of an app; texts are empty where nothing is known.

    ``registry`` is the host of the repository.
    """

    path: str
    handler: str
    architecture: str
    image: str
    repository: str
    registry: str
    base: str
    stages: tuple[str, ...]
    note: str = ""


def functions_to_dict(rows: Sequence[FunctionRow]) -> dict[str, Any]:
    """An app as plain data."""
    return {
        "functions": [
            {
                "path": row.path,
                "handler": row.handler,
                "architecture": row.architecture,
                "image": row.image,
                "repository": row.repository,
                "registry": row.registry,
                "base": row.base,
                "stages": list(row.stages),
                **({"note": row.note} if row.note else {}),
            }
            for row in rows
        ]
    }


def functions_as_text(rows: Sequence[FunctionRow]) -> str:
    """An app, function by function, and a line that sums it up."""
    blocks = []
    for row in rows:
        lines = [
            f"{row.path}  ({row.handler or 'handler of the image'}, {row.architecture})",
            f"  image       {row.image[:12]} in {_repository(row) or 'a repository of its own'}",
            f"  base        {row.base or 'unknown'}",
            f"  stages      {', '.join(row.stages) or 'none'}",
        ]
        if row.note:
            lines.append(f"  note        {row.note}")
        blocks.append("\n".join(lines))
    images = {row.image for row in rows}
    total = f"{_count(len(rows), 'function')}, {_count(len(images), 'image')}, {_repositories(rows)}"
    return "\n\n".join([*blocks, total])


def _repositories(rows: Sequence[FunctionRow]) -> str:
    """How many there are; a repository of a stack without account and region is one in each that it is deployed to."""
    known = {_repository(row) for row in rows if row.repository and row.registry}
    everywhere = {row.repository for row in rows if row.repository and not row.registry}
    counts = [_count(len(known), "repository", "repositories")] if known or not everywhere else []
    if everywhere:
        counts.append(f"{_count(len(everywhere), 'repository', 'repositories')} in each account and region")
    return " and ".join(counts)


def _repository(row: FunctionRow) -> str:
    return f"{row.registry}/{row.repository}" if row.registry and row.repository else row.repository


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
