"""The order of a chain: steps that change one file system, each on the one before it, and what the order costs."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Method(enum.Enum):
    """How an order was found; all but ``BOUNDED`` and ``KEPT`` prove that no allowed order costs less.

    ``KEPT`` is the order that the lock holds, where a cheaper one would not
    save what changing to it costs.
    """

    INDEX = "index-rule"
    SERIES_PARALLEL = "series-parallel"
    IDEALS = "dynamic-programme"
    BOUNDED = "bounded-search"
    KEPT = "kept"

    @property
    def exact(self) -> bool:
        """Whether the order is proved to cost least."""
        return self not in (Method.BOUNDED, Method.KEPT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One step of a chain.

    ``probability`` is that of a change of the step itself per deployment;
    ``seconds`` is what it takes to make it and ``size_bytes`` what it adds to
    the image.  ``assumed`` names those of the two that nobody gave.  ``after``
    names the steps of the chain that must come before it.
    """

    name: str
    probability: float
    seconds: float
    size_bytes: int
    after: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """What past deployments changed together.

    ``deployments`` is their weight.  ``shares`` has sets of links, by name, with
    the share of deployments that changed these and no other link of ``names``;
    what is missing to 1 changed none.  ``names`` are sorted.  Links that are
    not among them change independently of all others.
    """

    deployments: float
    names: tuple[str, ...]
    shares: tuple[tuple[tuple[str, ...], float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainOrder:
    """The order of a chain, in expected seconds per deployment, those of pushing its layers included.

    ``links`` stand in the order; ``cost`` is what it costs; ``lower_bound`` is
    proved to be no more than any allowed order costs, and equals the cost
    where the method is exact; ``apart`` is what the steps would cost if each
    were made on those alone that it must come after: the difference to the
    cost is the price of ordering.  ``joint`` is None where all links change
    independently of each other.

    ``dependents`` are stages of their own that are made of the chain up to the
    last of the links in their ``after``; their ``probability`` is that of a
    change by anything but the chain.  All costs hold what they cost because
    the chain changed: when nothing else would have made them again.
    """

    method: Method
    links: tuple[Link, ...]
    cost: float
    lower_bound: float
    apart: float
    joint: Joint | None = None
    dependents: tuple[Link, ...] = ()

    @property
    def gap(self) -> float:
        """How much of the cost another order could save at most, from 0 to 1."""
        return 1 - self.lower_bound / self.cost if self.cost else 0.0
