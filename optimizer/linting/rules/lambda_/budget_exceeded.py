"""LIO672: the layers of a function are larger than its budget."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.budgets import LayerSize, Verdicts, budget_of, judged_sizes, planned_sizes
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject, ImageSubject
from optimizer.linting.violations import in_image


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    budget = budget_of(conventions.budgets, subject.construct)
    if budget.max_bytes is None and budget.max_unpacked_bytes is None:
        return
    file = subject.dockerfile
    if file is None or file.plan is None:
        yield Inconclusive(
            reason="the size of an image that no specification declares is not known before it is built; judge what was built, with --image"
        )
        return
    stored, unpacked = planned_sizes(file.plan, file.archives)
    verdicts = judged_sizes(budget, stored=stored, unpacked=unpacked)
    yield from (Violation(message=excess.message) for excess in verdicts.exceeded)
    yield from _unknown(verdicts)


def _check_image(subject: ImageSubject, conventions: Conventions) -> Iterator[Verdict]:
    analysis = subject.analysis
    budget = budget_of(conventions.budgets, analysis.image.name)
    if budget.max_bytes is None and budget.max_unpacked_bytes is None:
        return
    if analysis.base.how == "unknown":
        yield Inconclusive(reason="which layers of the image are those of its base is unknown, and a budget is for the others")
        return
    own = [(layer.step or layer.layer.diff_id[:19], layer) for layer in analysis.layers if not layer.from_base]
    stored = [(name, layer.layer.compressed_bytes, layer.content.estimated_bytes) for name, layer in own]
    verdicts = judged_sizes(
        budget,
        stored=[LayerSize.exactly(name, estimated if size is None else size) for name, size, estimated in stored],
        unpacked=[LayerSize.exactly(name, layer.content.uncompressed_bytes) for name, layer in own],
    )
    yield from (in_image(excess.message) for excess in verdicts.exceeded)
    yield from _unknown(verdicts)


def _unknown(verdicts: Verdicts) -> Iterator[Verdict]:
    return (Inconclusive(reason=unknown.message) for unknown in verdicts.unknown)


RULE = Rule(
    id="LIO672",
    name="budget-exceeded",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The layers of the function are larger than the budget of its construct.",
    why=(
        "An image grows by one dependency at a time, and nobody decides that it may. Counted are the layers above the base: of a built image what they are; "
        "of a specification what is known before it is built, which are measured sizes, archives of files, and downloads that a lock tells the size of. "
        "Where that is not enough to tell, the rule says so. Nothing is found while no budget fits."
    ),
    fix="leave out what the function does not need (slim=, exclude=), load large files at run time, or raise the budget in a reviewed change",
    bad='[[conventions.budgets]]\nconstruct = "Shop/*"\nmax_bytes = 50_000_000\n\n(a function with 61 MB of packages)',
    good='[[conventions.budgets]]\nconstruct = "Shop/*"\nmax_bytes = 50_000_000\n\n(a function with 12 MB of packages)',
    example="text",
    function=_check,
    image=_check_image,
)
