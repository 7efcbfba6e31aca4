"""How often packages changed, in all locks of an ecosystem together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from optimizer.planning.history.observe import LockPast, Observations


class PackagePasts:
    """The past of the packages of all locks of one ecosystem, prepared for questions about many of them."""

    def __init__(self, observed: Observations, ecosystem: str) -> None:
        self._pasts = [past for use, past in observed.locks.items() if use.lock.ecosystem == ecosystem]
        self._deployments = len(observed.weights)
        # Of each lock, how many deployments it was there for, from the newest on.
        self._spans = [_known(past) for past in self._pasts]
        self._touched: dict[tuple[int, str], list[int]] = defaultdict(list)
        self._added: dict[tuple[int, str], int] = {}
        for number, past in enumerate(self._pasts):
            for position, change in enumerate(past.changes[: self._spans[number]]):
                if change is None or not change:
                    continue
                for name in (*change.changed, *change.added, *change.removed):
                    self._touched[number, name].append(position)
                for name in change.added:
                    self._added.setdefault((number, name), position)

    @property
    def names(self) -> tuple[str, ...]:
        """The packages of today, sorted."""
        return tuple(sorted({name for past in self._pasts for name in past.releases}))

    def flags(self, names: Collection[str]) -> tuple[bool | None, ...]:
        """Whether each deployment, the newest first, changed any of some packages in any lock that had one before; None from where none had.

        One that comes to others, or leaves them, changed their layer.
        """
        changed: set[int] = set()
        known = 0
        for number, past in enumerate(self._pasts):
            here = [name for name in names if name in past.releases]
            span = max((self._added.get((number, name), self._spans[number]) for name in here), default=0)
            known = max(known, span)
            changed.update(position for position in self._positions(number, names) if position < span)
        return tuple(position in changed if position < known else None for position in range(self._deployments))

    def _positions(self, lock: int, names: Iterable[str]) -> Iterable[int]:
        for name in names:
            yield from self._touched.get((lock, name), ())


def _known(past: LockPast) -> int:
    return next((position for position, change in enumerate(past.changes) if change is None), len(past.changes))
