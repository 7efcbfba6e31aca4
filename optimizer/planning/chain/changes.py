"""How probable it is that a deployment changes any of some steps: all that an order's cost asks about change.

A set of steps is a *mask*: bit ``i`` stands for step ``i``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

Changes = Callable[[int], float]
"""From a mask to the probability, per deployment, that at least one of its steps changes.

It never falls as the set grows, and what a step adds to it never grows with
the set: so it is for every such probability, whatever changes together.
"""

_BITS = 8
_CHUNK = 2**_BITS - 1
# Tables by eight bits of a mask make a function that is asked a hundred thousand times fast.


def independent(probabilities: Sequence[float]) -> Changes:
    """Steps that change independently, each with its probability per deployment."""
    tables = [_survival(probabilities[start : start + _BITS]) for start in range(0, len(probabilities), _BITS)]

    def changes(mask: int) -> float:
        survival = 1.0
        for table in tables:
            survival *= table[mask & _CHUNK]
            mask >>= _BITS
        return 1.0 - survival

    return changes


def _survival(probabilities: Sequence[float]) -> list[float]:
    """The probability that no step of a set changes, by the mask of the set."""
    table = [1.0]
    for probability in probabilities:
        table += [survival * (1.0 - probability) for survival in table]
    return table


def recorded(deployments: Mapping[frozenset[str], float], names: Sequence[str]) -> Changes:
    """The share of past deployments that changed any step of a set, so that steps which change together count together.

    ``deployments`` gives each set of steps that deployments changed its weight,
    such as how many deployments there were of it; ``names`` are the steps, the
    first being bit 0.  Names that are not among them are ignored.  Raises
    ValueError where the weights do not add up to more than zero.
    """
    total = sum(deployments.values())
    if not total > 0:
        raise ValueError("no deployment has a weight over zero")
    bits = {name: 1 << index for index, name in enumerate(names)}
    weights: dict[int, float] = {}
    for changed, weight in deployments.items():
        mask = sum(bits[name] for name in changed & bits.keys())
        weights[mask] = weights.get(mask, 0.0) + weight
    # Sums of fractions depend on their order, and that of a mapping may be anything.
    shares = sorted((mask, weight / total) for mask, weight in weights.items() if mask)
    touched = [sum(1 << position for position, (mask, _) in enumerate(shares) if mask >> step & 1) for step in range(len(names))]
    tables = [_touched(touched[start : start + _BITS]) for start in range(0, len(names), _BITS)]
    sums = [sums_of([share for _, share in shares[start : start + _BITS]]) for start in range(0, len(shares), _BITS)]

    def changes(mask: int) -> float:
        records = 0
        for table in tables:
            records |= table[mask & _CHUNK]
            mask >>= _BITS
        share = 0.0
        for table_of_sums in sums:
            share += table_of_sums[records & _CHUNK]
            records >>= _BITS
        return min(1.0, share)

    return changes


def smoothed(past: Changes, deployments: float, steps: int) -> Changes:
    """Past deployments of a total weight, and one more, in which each of the ``steps`` changed with a probability of a half, whatever the others did.

    For one of these steps that is ``(changes + 1/2) / (deployments + 1)``: never 0 and never 1.
    """

    def changes(mask: int) -> float:
        return (deployments * past(mask) + 1.0 - 0.5 ** (mask & steps).bit_count()) / (deployments + 1.0)

    return changes


def beside(some: Changes, others: Changes) -> Changes:
    """Changes of steps of two kinds that are independent of each other; each ignores the steps of the other kind."""

    def changes(mask: int) -> float:
        return 1.0 - (1.0 - some(mask)) * (1.0 - others(mask))

    return changes


def _touched(records: Sequence[int]) -> list[int]:
    """The mask of the records of which any of a set of steps is part, by the mask of the set; ``records`` gives those of each step."""
    table = [0]
    for of_step in records:
        table += [found | of_step for found in table]
    return table


def sums_of(shares: Sequence[float]) -> list[float]:
    """The sum of the shares of a set, by its mask."""
    table = [0.0]
    for share in shares:
        table += [found + share for found in table]
    return table
