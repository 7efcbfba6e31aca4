"""Holds images that are about to be published against the budgets of their functions."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence

from optimizer.config.lookup import ConventionsLookup
from optimizer.errors import BudgetError, Fault
from optimizer.linting.budgets import Budget, LayerSize, budget_of, judged_growth, judged_sizes
from optimizer.linting.rules import RULES
from optimizer.model.publication import ImageResult, PublishedSize

_HINT = "leave out what the function does not need, or raise the budget in a reviewed change"


def budgets_for(path: str) -> tuple[Budget, ...]:
    """The budgets of the configuration that holds for a path; raises :class:`ConfigurationError` for one that is wrong."""
    return ConventionsLookup(today=datetime.date.today(), rules=RULES).for_path(path).conventions.budgets


def check_budgets(
    results: Sequence[ImageResult],
    budgets: Sequence[Budget],
    before: Mapping[str, PublishedSize],
    unpacked: Mapping[str, Sequence[LayerSize]],
    note: Callable[[str], None],
    consequence: str,
    constructs: Mapping[str, str],
) -> None:
    """Raise :class:`BudgetError` where images exceed their budgets, with a fault for each limit; ``note`` gets what cannot be told.

    ``before`` has the sizes of the last deployment by name, and ``unpacked``
    what is known of the unpacked sizes of layers, by the name of their image;
    ``consequence`` is what a refusal means, and ``constructs`` has the path by
    which budgets find an image, where that is another one than its name.
    """
    faults, notes = [], []
    for name, result in {result.name: result for result in results}.items():
        budget = budget_of(budgets, constructs.get(name, name))
        layers = {layer.stage: layer.size for layer in result.layers}
        known = before.get(name)
        verdicts = [
            judged_sizes(budget, stored=[LayerSize.exactly(*layer) for layer in layers.items()], unpacked=unpacked.get(name, ())),
            judged_growth(budget, layers, known.layers if known is not None else None),
        ]
        faults += [Fault(excess.message, name, f"{_HINT}; {consequence}") for verdict in verdicts for excess in verdict.exceeded]
        notes += [f"{name}: {unknown.message}" for verdict in verdicts for unknown in verdict.unknown]
    for text in notes:
        note(text)
    if faults:
        raise BudgetError(faults)
