"""What is known of an app's past: how often steps and packages change, what they weigh, and which change together; kept in its lock."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from types import MappingProxyType
from typing import Any

from optimizer.model.stability import Stability


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEvidence:
    """What is known of one stage, identified by what it reads.

    ``changes`` is the probability, per deployment, that what it reads changes,
    and ``stability`` the member that it was found to be; both None where there
    is no history, or too little of it.  ``size_bytes`` is that of its layer, as it is stored, and
    ``seconds`` what it took to make it; None where nobody measured it.
    """

    changes: float | None = None
    stability: Stability | None = None
    size_bytes: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageEvidence:
    """What is known of one package: ``changes`` as for steps, and the compressed bytes that a package index has of it; None where unknown."""

    changes: float | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Together:
    """Steps in place, by their identities, and the share of deployments that changed these, and no other step in place."""

    steps: tuple[str, ...]
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the lock knows of the past; ``Evidence()`` knows nothing.

    ``date`` is the day up to which history was read, and ``commit`` the one
    that it ended at, empty where there was none.  ``deployments`` is how many
    it had.  ``weight`` is their sum when older ones count less.  ``steps`` has what
    is known of stages by their identity (see
    :func:`optimizer.planning.evidence.identity`), ``packages`` the same of
    packages, those that changed or were measured, by ecosystem and name.  ``together`` says which steps in place changed together, for those whose whole history is known;
    ``orders`` the orders of chains that were decided, as identities of their stages.
    """

    date: datetime.date | None = None
    commit: str = ""
    deployments: int = 0
    weight: float = 0.0
    steps: Mapping[str, StepEvidence] = field(default_factory=dict, hash=False)
    packages: Mapping[str, Mapping[str, PackageEvidence]] = field(default_factory=dict, hash=False)
    together: tuple[Together, ...] = ()
    orders: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        set_field = partial(object.__setattr__, self)
        set_field("steps", MappingProxyType(dict(sorted(self.steps.items()))))
        kept = {name: MappingProxyType(dict(sorted(known.items()))) for name, known in sorted(self.packages.items()) if known}
        set_field("packages", MappingProxyType(kept))
        ordered = (Together(tuple(sorted(item.steps)), item.share) for item in self.together)
        set_field("together", tuple(sorted(ordered, key=lambda item: item.steps)))
        set_field("orders", tuple(sorted(self.orders)))

    def __reduce__(self) -> tuple[Any, ...]:
        # Read-only views cannot be sent to another process.
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        plain = {"steps": dict(self.steps), "packages": {name: dict(known) for name, known in self.packages.items()}}
        return partial(Evidence, **{**values, **plain}), ()

    def __bool__(self) -> bool:
        return bool(self.date)

    def step(self, identity: str) -> StepEvidence:
        """What is known of a stage; nothing for one that is not known."""
        return self.steps.get(identity, StepEvidence())

    def order_of(self, identities: frozenset[str]) -> tuple[str, ...] | None:
        """The order that was decided for exactly these stages; None where there is none."""
        return next((order for order in self.orders if frozenset(order) == identities), None)
