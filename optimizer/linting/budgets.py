"""Budgets for images: how large the layers of a function may be, and how much larger than those of the last deployment.

Counted are the layers above the base image.  *Stored* is their size in a
registry, compressed; *unpacked* is what the machine that runs them unpacks.
A size that is not known exactly has bounds, and a budget is exceeded where the
lower one exceeds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from optimizer.linting.suppressions import path_matches
from optimizer.model.figures import Source

if TYPE_CHECKING:
    # Most runs of the rules look at no plan.
    from optimizer.model.plan import BuildPlan, Stage

_NAMED = 3
"""So many layers are named, the largest first: they are most of what there is to do something about."""

_COMPILED = 3
"""Code with its byte-code is at most so many times as large as the code: compiled modules of the standard library are as large as their source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Limits for the images of functions whose construct fits a pattern, as of :func:`path_matches`.

    ``max_bytes`` is for the stored size, ``max_unpacked_bytes`` for the
    unpacked one; ``max_growth_bytes`` and ``max_growth_percent`` are for what
    the stored size is more than that of the last deployment.  None says
    nothing; 0 allows any size, or no growth.
    """

    construct: str = "*"
    max_bytes: int | None = None
    max_unpacked_bytes: int | None = None
    max_growth_bytes: int | None = None
    max_growth_percent: float | None = None


LIMITS = tuple(field.name for field in fields(Budget) if field.name != "construct")
"""The names of the limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSize:
    """The size of one layer in bytes: no less than ``at_least``, and no more than ``at_most``, which is None where it is unknown."""

    name: str
    at_least: int
    at_most: int | None

    @classmethod
    def exactly(cls, name: str, size: int | None) -> LayerSize:
        """A layer of one size, of which nothing is known where that is None."""
        return cls(name=name, at_least=size or 0, at_most=size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """A limit that is exceeded, or of which that cannot be told: ``limit`` is its name, and ``message`` says so with the values."""

    limit: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What budgets say of one image."""

    exceeded: tuple[Excess, ...] = ()
    unknown: tuple[Excess, ...] = ()


def budget_of(budgets: Iterable[Budget], construct: str) -> Budget:
    """The limits for a construct: of each, that of the first budget which fits and has it."""
    found = Budget(construct=construct)
    for budget in budgets:
        if path_matches(budget.construct, construct):
            new = {name: getattr(budget, name) for name in LIMITS if getattr(found, name) is None}
            found = replace(found, **new)
    # Of sizes 0 takes a limit back that a budget after it would set.
    return replace(found, max_bytes=found.max_bytes or None, max_unpacked_bytes=found.max_unpacked_bytes or None)


def judged_sizes(budget: Budget, *, stored: Sequence[LayerSize], unpacked: Sequence[LayerSize]) -> Verdicts:
    """Whether the layers of an image, by their stored and by their unpacked sizes, are within a budget."""
    exceeded, unknown = [], []
    rows = (
        ("max_bytes", budget.max_bytes, stored, "stored", "as a registry stores them"),
        ("max_unpacked_bytes", budget.max_unpacked_bytes, unpacked, "unpacked", "unpacked"),
    )
    for name, limit, sizes, kind, how in rows:
        if limit is None:
            continue
        total = sum(size.at_least for size in sizes)
        if total > limit:
            about = "" if all(size.at_least == size.at_most for size in sizes) else "at least "
            exceeded.append(
                Excess(limit=name, message=f"its own layers have {about}{total:,} bytes {how}; allowed: {limit:,}; {_largest(sizes)}")
            )
        elif any(size.at_most is None for size in sizes) or sum(size.at_most or 0 for size in sizes) > limit:
            unsure = ", ".join(size.name for size in sizes if size.at_most is None) or ", ".join(
                size.name for size in sizes if size.at_least != size.at_most
            )
            unknown.append(
                Excess(
                    limit=name, message=f"the {kind} size of {unsure} is not known here; of {limit:,} bytes allowed, {total:,} are known"
                )
            )
    return Verdicts(exceeded=tuple(exceeded), unknown=tuple(unknown))


def judged_growth(budget: Budget, layers: Mapping[str, int], before: Mapping[str, int] | None) -> Verdicts:
    """Whether the layers of an image, by name with their stored sizes, are more than those ``before`` by no more than a budget allows.

    Without ``before``, where nothing is known of the last deployment, nothing can be told.
    """
    if budget.max_growth_bytes is None and budget.max_growth_percent is None:
        return Verdicts()
    if before is None:
        limit = "max_growth_bytes" if budget.max_growth_bytes is not None else "max_growth_percent"
        return Verdicts(
            unknown=(Excess(limit=limit, message="its size in the last deployment is not known, so nothing can be said of its growth"),)
        )
    was, now = sum(before.values()), sum(layers.values())
    grown = [LayerSize.exactly(name, size - before.get(name, 0)) for name, size in layers.items() if size > before.get(name, 0)]
    text = f"its own layers have {now:,} bytes as a registry stores them, and had {was:,} in the last deployment"
    rows = []
    if budget.max_growth_bytes is not None and now - was > budget.max_growth_bytes:
        rows.append(("max_growth_bytes", f"{budget.max_growth_bytes:,} bytes more"))
    if budget.max_growth_percent is not None and now - was > was * budget.max_growth_percent / 100:
        rows.append(("max_growth_percent", f"{budget.max_growth_percent:g} % more"))
    return Verdicts(
        exceeded=tuple(Excess(limit=name, message=f"{text}; allowed: {allowed}; {_largest(grown, 'grown most')}") for name, allowed in rows)
    )


def planned_sizes(plan: BuildPlan, archives: Mapping[str, int]) -> tuple[tuple[LayerSize, ...], tuple[LayerSize, ...]]:
    """What is known of the layers of a plan before they are made: stored, and unpacked.

    ``archives`` are the bytes of the packed files of stages, by their names.  What a lock
    says of downloads is taken for the stored size of their packages: both are compressed in the same way.
    """
    rows = [_planned(plan.stage(name), archives.get(name)) for name in plan.above_base]
    return tuple(stored for stored, _ in rows), tuple(unpacked for _, unpacked in rows)


def _planned(stage: Stage, archive: int | None) -> tuple[LayerSize, LayerSize]:
    figures, name = stage.figures, stage.name
    size = figures.size_bytes if figures is not None else None
    if archive is not None:
        # Smaller when it is compressed, byte-code included.
        measured = size if figures is not None and figures.size_from in (Source.DECLARED, Source.EVIDENCE) else None
        stored = LayerSize.exactly(name, measured) if measured is not None else LayerSize(name=name, at_least=0, at_most=archive)
        return stored, LayerSize(name=name, at_least=archive, at_most=archive if stage.archive_alone else archive * _COMPILED)
    size = size if size is not None else stage.download_bytes
    return LayerSize.exactly(name, size), LayerSize(name=name, at_least=size or 0, at_most=None)


def _largest(sizes: Sequence[LayerSize], title: str = "the largest") -> str:
    known = sorted((size for size in sizes if size.at_least), key=lambda size: (-size.at_least, size.name))[:_NAMED]
    return f"{title}: " + ", ".join(f"{size.name} {size.at_least:,}" for size in known)
