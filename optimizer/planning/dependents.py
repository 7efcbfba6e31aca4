"""What stands on the steps of a chain: stages of their own that are made again whenever the chain is, up to what they need of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from optimizer.model.chain import Link
from optimizer.model.plan import Stage
from optimizer.planning.keys import made_of


def dependents_of(stages: Iterable[Stage], on: Mapping[str, Collection[str]], link_of: Callable[[Stage], Link]) -> tuple[Link, ...]:
    """The dependents of a chain among stages that are none of its own, each stage after those that it is made of.

    ``on`` has, for stages that start from the chain, the steps of it that they
    need.  ``link_of`` gives what a stage takes and adds.
    """
    probabilities: dict[str, float] = {}
    below: dict[str, frozenset[str]] = {}
    needed: dict[str, frozenset[str]] = {}
    found = []
    for stage in stages:
        figures = stage.figures
        assert figures is not None
        made = [name for name in made_of(stage) if name in below]
        probabilities[stage.name] = figures.probability
        below[stage.name] = frozenset({stage.name}).union(*(below[name] for name in made))
        needed[stage.name] = frozenset(on.get(stage.name, ())).union(*(needed[name] for name in made))
        if needed[stage.name]:
            same = math.prod(1 - probabilities[name] for name in sorted(below[stage.name]))
            found.append(replace(link_of(stage), probability=1 - same, after=tuple(sorted(needed[stage.name]))))
    return tuple(found)
