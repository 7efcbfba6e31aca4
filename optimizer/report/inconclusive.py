"""A short list of what could not be decided: the rules, the places and the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.linting.finding import InconclusiveCheck, Location

INCONCLUSIVE = "inconclusive"
"""What reports call it."""

_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class InconclusiveGroup:
    """Rules that cannot decide for one reason: their ids and names, each sorted by id, and the places, sorted."""

    rules: tuple[tuple[str, str], ...]
    reason: str
    places: tuple[Location, ...]

    @property
    def ids(self) -> str:
        """The ids of the rules."""
        return ", ".join(id for id, _ in self.rules)

    @property
    def title(self) -> str:
        """The rule by id and name, or several by their ids."""
        return " ".join(self.rules[0]) if len(self.rules) == 1 else self.ids

    @property
    def elsewhere(self) -> str:
        """The places but the first, the first few by name; empty where there is one."""
        named = [f"{place} [{place.construct}]" if place.construct and place.path else str(place) for place in self.places[1:]]
        more = len(named) - _NAMED
        return ", ".join(named[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def grouped(inconclusive: Sequence[InconclusiveCheck]) -> tuple[InconclusiveGroup, ...]:
    """The inconclusive checks, those of equal reason together, by their first places."""
    # One unknown value keeps several rules from judging a place, and many places have the same one.
    by_place: dict[tuple[Location, str], list[tuple[str, str]]] = {}
    for result in inconclusive:
        by_place.setdefault((result.location, result.reason), []).append((result.rule, result.name))
    together: dict[tuple[tuple[tuple[str, str], ...], str], list[Location]] = {}
    for (location, reason), rules in by_place.items():
        together.setdefault((tuple(sorted(set(rules))), reason), []).append(location)
    return tuple(InconclusiveGroup(rules=rules, reason=reason, places=tuple(places)) for (rules, reason), places in together.items())
