"""From what deployments changed to probabilities, and to the stability that they are.

Of ``n`` deployments ``k`` changed a step.  An old deployment counts less than a
new one: half after :data:`HALF_LIFE_DAYS`.  With the sums of weights instead
of counts, the probability is ``(k + 1/2) / (n + 1)``, which never is 0 or 1.
"""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Iterable, Sequence

from optimizer.model.stability import Stability

HALF_LIFE_DAYS = 90
"""Days after which a deployment counts half."""

MINIMUM = 10
"""Deployments below which the default of a step's kind says more than its history."""

_SAME = 1.25
"""Estimates that differ by less than this factor are the same: history moves a little with each commit."""

_MARGIN = 1.5
"""By this factor a probability must pass the bound between two stabilities, before a step changes from one to the other."""

_MEMBERS = (Stability.YEARLY, Stability.QUARTERLY, Stability.MONTHLY, Stability.WEEKLY, Stability.DAILY)


def weight(day: datetime.date, newest: datetime.date) -> float:
    """What a deployment of a day counts, on the newest day 1."""
    return float(0.5 ** ((newest - day).days / HALF_LIFE_DAYS))


def probability(changed: float, deployments: float) -> float:
    """The probability of a change, of sums of weights, in three significant digits."""
    return significant((changed + 0.5) / (deployments + 1.0))


def flagged(flags: Sequence[bool | None], weights: Sequence[float]) -> float:
    """The probability of a change out of what each deployment did, and what it counts; None is not known, and does not count."""
    known = [(flag, each) for flag, each in zip(flags, weights, strict=True) if flag is not None]
    return probability(sum(each for flag, each in known if flag), sum(each for _, each in known))


def significant(number: float) -> float:
    """A number in three significant digits, which is as exact as estimates are, and more."""
    return float(f"{number:.3g}")


def remembered(new: float, old: float | None) -> float:
    """The old estimate where the new one is about the same."""
    if old is None or not old / _SAME <= new <= old * _SAME:
        return new
    return old


def stability_of(probability: float, old: Stability) -> Stability:
    """The stability that is nearest to a probability, by factors; the old one where the probability is near to its bounds."""
    if old in _MEMBERS:
        place = _MEMBERS.index(old)
        low = _bound(_MEMBERS[place - 1], old) / _MARGIN if place else 0.0
        high = _bound(old, _MEMBERS[place + 1]) * _MARGIN if place + 1 < len(_MEMBERS) else 1.0
        if low <= probability <= high:
            return old
    bounds = [_bound(one, other) for one, other in itertools.pairwise(_MEMBERS)]
    return _MEMBERS[sum(probability > bound for bound in bounds)]


def _bound(one: Stability, other: Stability) -> float:
    return math.sqrt(one.probability * other.probability)


def total(weights: Iterable[float]) -> float:
    """The sum of weights, rounded as the lock has it."""
    return round(sum(weights), 2)
