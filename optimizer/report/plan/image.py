"""What the plan of one image looks like to a person and to a machine: its stages and layers, and what a deployment is expected to cost."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from optimizer.model.plan import BuildPlan, Stage
from optimizer.model.reference import ImageReference
from optimizer.model.snapstart import promise
from optimizer.planning.explanation import ExplainedStage, Sum
from optimizer.report.names import short_digits
from optimizer.report.plan.figures import (
    SHORT,
    WIDE,
    expected_size,
    expected_time,
    probability_text,
    rounded,
    sourced,
    stage_to_dict,
    unknown_text,
)
from optimizer.report.plan.rows import PROMISES
from optimizer.report.sizes import size_text
from optimizer.report.table import fitted_table


def plan_as_text(name: str, plan: BuildPlan, stages: Sequence[ExplainedStage], width: int) -> str:
    """The plan as a table of its layers, the lowest first, and of the stages that are none."""
    lines = [f"{name}: {plan.runtime}, {plan.architecture}", f"base: {short_digits(str(plan.base))}"]
    promised = promise(dict(plan.labels))
    if promised:
        lines.append(f"SnapStart: {PROMISES[promised]}")
    if not stages:
        return "\n".join([*lines, "no layers: the image is the base"])
    lines += _table(plan, stages, width)
    lines += [wrapped for note in _notes(plan, stages) for wrapped in _wrapped(note, width)]
    return "\n".join(lines)


def _table(plan: BuildPlan, stages: Sequence[ExplainedStage], width: int) -> list[str]:
    layers = iter(range(1, len(stages) + 1))
    header = ["layer", "stage", "size", "changes", "pushes", "takes"]
    rows = [
        [
            str(next(layers)) if each.is_layer else "-",
            each.stage.name,
            sourced(size_text(each.figures.size_bytes), each.figures.size_from),
            sourced(probability_text(each.figures.probability), each.figures.probability_from),
            expected_size(each.pushed_bytes),
            expected_time(each.seconds),
        ]
        for each in stages
    ]
    if width >= WIDE:
        header += ["key", "built on", "what it holds"]
        rows = [[*row, each.key[:SHORT], _origin(each.stage, plan), each.stage.title] for row, each in zip(rows, stages, strict=True)]
        return fitted_table(header, rows, width, (1, len(header) - 2, len(header) - 1), "  ").splitlines()
    head, *lines = fitted_table(header, rows, width, (1,), "  ").splitlines()
    below = [_wrapped(f"{each.stage.title}; {_made_of(each.stage, plan)}", width, 9) for each in stages]
    return [head, *itertools.chain.from_iterable([line, *more] for line, more in zip(lines, below, strict=True))]


def _notes(plan: BuildPlan, stages: Sequence[ExplainedStage]) -> Iterator[str]:
    pushed, seconds = Sum.of(each.pushed_bytes for each in stages), Sum.of(each.seconds for each in stages)
    parts = [f"{size_text(round(pushed.value))} pushed"]
    if seconds.unknown < len(stages):
        parts.append(f"{seconds.value:.2f} s to make stages")
    parts += [f"unknown are {words}" for words in [unknown_text(pushed, seconds)] if words]
    yield f"expected per deployment: {', '.join(parts)}"
    dates = sorted({each.figures.evidence_date for each in stages if each.figures.evidence_date})
    if dates:
        yield f"evidence of {', '.join(dates)}"
    for stage in plan.stages:
        if stage.on_target:
            yield f"{stage.name} is built on {plan.platform}: {stage.on_target.reason}"
    for stage in plan.stages:
        if stage.download_bytes:
            yield f"{stage.name} downloads {size_text(stage.download_bytes)}"
    for stage in plan.stages:
        if stage.recipe.left_out:
            yield f"{stage.name} leaves out {', '.join(stage.recipe.left_out)}"


def _wrapped(note: str, width: int, indent: int = 2) -> list[str]:
    return textwrap.wrap(
        note, width, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2), break_long_words=False, break_on_hyphens=False
    )


def _made_of(stage: Stage, plan: BuildPlan) -> str:
    return f"taken from {stage.taken_from}" if stage.taken_from is not None else f"built on {_origin(stage, plan)}"


def _origin(stage: Stage, plan: BuildPlan) -> str:
    if stage.archive_alone:
        return "nothing"
    if stage.origin == plan.base:
        return "base"
    return stage.origin if isinstance(stage.origin, str) else short_reference(stage.origin)


def short_reference(reference: ImageReference) -> str:
    """A reference whose digest is cut to what a person compares."""
    return f"{reference.tagged}@{reference.digest[:19]}" if reference.digest else str(reference)


def stages_to_dict(stages: Sequence[ExplainedStage]) -> dict[str, Any]:
    """The same as data for JSON; bytes and seconds are expected values per deployment but for ``sizeBytes`` and ``seconds`` of a stage."""
    pushed, seconds = Sum.of(each.pushed_bytes for each in stages), Sum.of(each.seconds for each in stages)
    return {
        "stages": [stage_to_dict(each) for each in stages],
        "expected": {
            "pushedBytes": round(pushed.value),
            "sizesUnknown": pushed.unknown,
            "seconds": rounded(seconds.value),
            "timesUnknown": seconds.unknown,
        },
    }
