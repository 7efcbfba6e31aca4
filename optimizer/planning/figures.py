"""The numbers of the stages of a step: what the specification says wins, then the evidence of the lock, then the defaults of its kind.

Nothing of the past is read here: ``optimizer plan --update`` does so, and
writes it into the lock, so that equal specifications and locks give equal
plans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from optimizer.model.evidence import Evidence
from optimizer.model.figures import Figures, Source
from optimizer.model.packing import Packing
from optimizer.model.plan import Stage
from optimizer.model.steps import Step
from optimizer.planning.evidence import identity, part_evidence

_Number = TypeVar("_Number", int, float)


def with_figures(stages: Sequence[Stage], step: Step, evidence: Evidence, packing: Packing) -> tuple[Stage, ...]:
    """The stages with their numbers, and with the stability that evidence gives them.

    What a step is said to take counts once: for its last stage in place, and
    for the first of those that make trees, as what more there is of them is
    code of the project beside dependencies.
    """
    main = len(stages) - 1 if stages and stages[0].in_place else 0
    return tuple(_with_figures(stage, step, evidence, packing, main=position == main) for position, stage in enumerate(stages))


def _with_figures(stage: Stage, step: Step, evidence: Evidence, packing: Packing, *, main: bool) -> Stage:
    known, part = evidence.step(identity(stage)), part_evidence(stage, evidence, packing)
    stability, probability = stage.stability, stage.stability.probability
    source = Source.DEFAULT if step.stability is None else Source.DECLARED
    if step.stability is None and known.changes is not None and known.stability is not None:
        stability, probability, source = known.stability, known.changes, Source.EVIDENCE
    elif step.stability is None and part.changes is not None:
        probability, source = part.changes, Source.EVIDENCE
    size, size_from = _first(
        (step.size if main else None, Source.DECLARED),
        (known.size_bytes, Source.EVIDENCE),
        (stage.download_bytes or None, Source.LOCK),
        (part.size_bytes, Source.EVIDENCE),
    )
    seconds, seconds_from = _first((step.seconds if main else None, Source.DECLARED), (known.seconds, Source.EVIDENCE))
    used = Source.EVIDENCE in (source, size_from, seconds_from)
    figures = Figures(
        probability=probability,
        probability_from=source,
        size_bytes=size,
        size_from=size_from,
        seconds=seconds,
        seconds_from=seconds_from,
        evidence_date=evidence.date.isoformat() if used and evidence.date is not None else "",
    )
    return replace(stage, stability=stability, figures=figures)


def _first(*numbers: tuple[_Number | None, Source]) -> tuple[_Number | None, Source | None]:
    """The first number that is known, and where it comes from."""
    return next(((number, source) for number, source in numbers if number is not None), (None, None))
