"""How probable it is that a deployment changes any package of a layer.

A deployment to come is taken to be like one of the past, with what that
changed together; and besides, each package may change by itself, so that what
never changed is not taken to be safe.  With the weight ``n`` of all deployments
and ``w`` of those that changed any package of the layer::

    probability = 1 - (1 - w / (n + 1)) * product over its packages of (1 - a / (n + 1))

For a layer of one package that is about ``(w + a) / (n + 1)``.

A *record* is a past deployment, or several that changed the same; sets of
records are masks, one bit for each.  A *hazard* is the logarithm of one such
factor, so that hazards of packages add up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from optimizer.planning.chain.changes import sums_of
from optimizer.planning.pack.fleet import Fleet

_ALONE = 0.5
"""``a``: the changes by itself that a package is taken to have had besides those that were observed."""


_FEW = 8


class Rates:
    """The past of a fleet, prepared for questions about many layers.

    ``hazard`` is what each package adds to the hazard of its layer, and what
    comes new to that of the tail.  ``additions`` is the mask of the records
    that brought new packages; ``of_sets`` gives for each image the mask of the
    records that changed it.
    """

    def __init__(self, fleet: Fleet) -> None:
        every = frozenset(each.name for each in fleet.sets)
        weights: dict[tuple[tuple[str, ...], bool, tuple[str, ...]], list[float]] = {}
        for change in fleet.changes:
            changed = every if change.sets is None else change.sets & every
            key = tuple(sorted(change.packages - change.added)), bool(change.added), tuple(sorted(changed))
            weights.setdefault(key, []).append(change.weight)
        total = fleet.deployments + 1
        self.additions = 0
        self.hazard = -math.log1p(-_ALONE / total)
        self.of_sets = dict.fromkeys(every, 0)
        self._records: dict[str, int] = {}
        shares = []
        for position, ((packages, adds, sets), each) in enumerate(sorted(weights.items())):
            bit = 1 << position
            # Sums of fractions depend on their order, and that of the changes must not matter.
            shares.append(math.fsum(each) / total)
            self.additions |= bit if adds else 0
            for name in packages:
                self._records[name] = self._records.get(name, 0) | bit
            for image in sets:
                self.of_sets[image] |= bit
        self._share = _counted(shares) if len(set(shares)) <= _FEW else _looked_up(shares)

    def records(self, name: str) -> int:
        """The records that changed a package."""
        return self._records.get(name, 0)

    def changes(self, records: int, hazard: float) -> float:
        """The probability that a deployment changes a layer which these records changed, with the sum of its packages' hazards."""
        return 1.0 - (1.0 - self._share(records)) * math.exp(-hazard)


def _counted(shares: Sequence[float]) -> Callable[[int], float]:
    """From records to the sum of their shares, where few of these are different: counting bits is fast."""
    masks: dict[float, int] = {}
    for position, share in enumerate(shares):
        masks[share] = masks.get(share, 0) | 1 << position
    each = sorted(masks.items())

    def summed(records: int) -> float:
        total = 0.0
        for share, mask in each:
            total += share * (records & mask).bit_count()
        return min(1.0, total)

    return summed


def _looked_up(shares: Sequence[float]) -> Callable[[int], float]:
    """The same by tables of the sums of eight records each."""
    tables = [sums_of(shares[start : start + 8]) for start in range(0, len(shares), 8)]

    def summed(records: int) -> float:
        total = 0.0
        for table in tables:
            total += table[records & 255]
            records >>= 8
        return min(1.0, total)

    return summed
