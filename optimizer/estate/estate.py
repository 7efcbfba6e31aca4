"""The image functions of many repositories: an estate, as a value with its sums."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from optimizer.linting.budgets import Budget
from optimizer.linting.finding import Severity

Kind = Literal["specification", "dockerfile", "image"]
"""How an image is declared: by this project, by hand, or elsewhere."""

NOBODY = "no owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class EstateFunction:
    """An image function, or the Dockerfile of one that no template declares.

    ``name`` is the construct's path, the logical name in a template, or the
    path of the Dockerfile; ``path`` is the template, the app or the Dockerfile,
    in the repository.  ``runtime`` is that of its AWS-provided base, empty for
    another base; ``runtime_ends`` is the day on which AWS stops to maintain it.
    ``base`` is the image that it stands on, ``base_digest`` its digest, empty
    where nothing pins it, and ``base_pinned`` the day on which the lock's pin
    of it was resolved.  ``size_bytes`` is what is known of its own layers, above the
    base; ``size_is_whole`` says that nothing of them is unknown.  ``budget`` has
    the limits for them, and ``over_budget`` says which of these they exceed.  ``findings``
    count what the rules find, by severity; ``known`` and ``exempted`` what a
    baseline holds, and what somebody set aside.
    """

    repository: str
    name: str
    path: str
    kind: Kind
    owners: tuple[str, ...] = ()
    runtime: str = ""
    runtime_ends: datetime.date | None = None
    architecture: str | None = None
    base: str = ""
    base_digest: str = ""
    base_pinned: datetime.date | None = None
    size_bytes: int | None = None
    size_is_whole: bool = False
    budget: Budget = Budget()
    over_budget: tuple[str, ...] = ()
    findings: Mapping[Severity, int] = field(default_factory=dict, hash=False)
    known: int = 0
    exempted: int = 0

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from every other function, in this report and in the next."""
        return (self.repository, self.path, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """Findings of rules that somebody has set aside: where, why, and until when (None: without an end); ``findings`` counts them."""

    repository: str
    rules: tuple[str, ...]
    place: str
    reason: str
    until: datetime.date | None
    findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EstateRepository:
    """One repository.

    ``findings``, ``known`` and ``rules`` count all that was found in it, also
    what belongs to no function; ``rules`` by the id of the rule.  ``failing``
    counts the findings that fail its own ``optimizer lint``.  ``faults`` say
    why it could not be read, as far as that is so, and ``notes`` what of it is
    missing in the report.
    """

    name: str
    functions: tuple[EstateFunction, ...] = ()
    findings: Mapping[Severity, int] = field(default_factory=dict, hash=False)
    rules: Mapping[str, int] = field(default_factory=dict, hash=False)
    known: int = 0
    failing: int = 0
    inconclusive: int = 0
    exemptions: tuple[Exemption, ...] = ()
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What functions have in common, and sums over them; ``size_bytes`` is what is known of their own layers, None where nothing is."""

    name: str
    functions: int
    specifications: int
    findings: Mapping[Severity, int]
    size_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """A function whose own layers are larger than an earlier report has them, in bytes, by more than is ``allowed``, in words."""

    function: EstateFunction
    before: int
    after: int
    allowed: str = ""

    @property
    def percent(self) -> float:
        """The growth, in percent of what it was."""
        return 100.0 * (self.after - self.before) / self.before if self.before else float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """Many repositories on one day; they are sorted by name."""

    day: datetime.date
    repositories: tuple[EstateRepository, ...]

    @property
    def functions(self) -> tuple[EstateFunction, ...]:
        """All functions."""
        return tuple(function for repository in self.repositories for function in repository.functions)

    @property
    def partial(self) -> bool:
        """Whether something could not be read."""
        return any(repository.faults for repository in self.repositories)

    def count(self, severity: Severity) -> int:
        """How many findings have the severity."""
        return sum(repository.findings.get(severity, 0) for repository in self.repositories)

    def rules(self) -> list[tuple[str, int, int]]:
        """Each rule that finds something: its id, how often, and in how many repositories; the most frequent first."""
        counts: Counter[str] = Counter()
        where: Counter[str] = Counter()
        for repository in self.repositories:
            counts.update(repository.rules)
            where.update(repository.rules.keys())
        return sorted(((rule, count, where[rule]) for rule, count in counts.items()), key=lambda row: (-row[1], row[0]))

    def owners(self) -> list[Group]:
        """The functions by owner, those of most functions first; a function of two owners counts for both."""
        return self._groups(lambda function: function.owners or (NOBODY,))

    def runtimes(self) -> list[Group]:
        """The functions by runtime."""
        return self._groups(lambda function: (function.runtime or "other base",))

    def _groups(self, names: Callable[[EstateFunction], Iterable[str]]) -> list[Group]:
        by_name: dict[str, list[EstateFunction]] = {}
        for function in self.functions:
            for name in names(function):
                by_name.setdefault(name, []).append(function)
        groups = [
            Group(
                name=name,
                functions=len(items),
                specifications=sum(item.kind == "specification" for item in items),
                findings=summed(item.findings for item in items),
                size_bytes=sum(known) if (known := [item.size_bytes for item in items if item.size_bytes is not None]) else None,
            )
            for name, items in by_name.items()
        ]
        return sorted(groups, key=lambda group: (-group.functions, group.name))

    def ending(self, within_days: int) -> tuple[EstateFunction, ...]:
        """The functions whose runtime ends within so many days, or has ended; the first to end first."""
        last = self.day + datetime.timedelta(days=within_days)
        found = [function for function in self.functions if function.runtime_ends is not None and function.runtime_ends <= last]
        return tuple(sorted(found, key=lambda function: (function.runtime_ends or last, function.key)))

    def unpinned(self) -> tuple[EstateFunction, ...]:
        """The functions whose base is named, and pinned by no digest."""
        return tuple(function for function in self.functions if function.base and not function.base_digest)

    def exemptions(self, until: datetime.date | None = None) -> tuple[Exemption, ...]:
        """What was set aside, the first to end first; with ``until`` only what ends by that day."""
        found = [item for repository in self.repositories for item in repository.exemptions]
        kept = [item for item in found if until is None or (item.until is not None and item.until <= until)]
        return tuple(sorted(kept, key=lambda item: (item.until or datetime.date.max, item.repository, item.place, item.rules)))

    def larger_than(self, size_bytes: int) -> tuple[EstateFunction, ...]:
        """The functions whose own layers are known to be larger, the largest first."""
        found = [function for function in self.functions if (function.size_bytes or 0) > size_bytes]
        return tuple(sorted(found, key=lambda function: (-(function.size_bytes or 0), function.key)))

    def over_budget(self) -> tuple[EstateFunction, ...]:
        """The functions whose own layers exceed a budget of their configuration, the largest first."""
        found = [function for function in self.functions if function.over_budget]
        return tuple(sorted(found, key=lambda function: (-(function.size_bytes or 0), function.key)))

    def grown(self, before: Mapping[tuple[str, str, str], int], percent: float | None = None) -> tuple[Growth, ...]:
        """The functions that have grown by more than their budget allows since their sizes were ``before``, by key; the most first.

        ``percent`` stands in place of what their budgets allow in percent.
        """
        found = [
            growth
            for function in self.functions
            if function.size_bytes is not None and function.key in before
            for growth in _growths(function, before[function.key], function.size_bytes, percent)
        ]
        return tuple(sorted(found, key=lambda growth: (-growth.percent, growth.function.key)))


def _growths(function: EstateFunction, before: int, after: int, percent: float | None) -> Iterator[Growth]:
    budget = function.budget
    percent_allowed = budget.max_growth_percent if percent is None else percent
    if percent_allowed is not None and after - before > before * percent_allowed / 100:
        yield Growth(function=function, before=before, after=after, allowed=f"{percent_allowed:g} % more")
    if budget.max_growth_bytes is not None and after - before > budget.max_growth_bytes:
        yield Growth(function=function, before=before, after=after, allowed=f"{budget.max_growth_bytes:,} bytes more")


def summed(counts: Iterable[Mapping[Severity, int]]) -> dict[Severity, int]:
    """Counts by severity, added up."""
    found: Counter[Severity] = Counter()
    for item in counts:
        found.update(item)
    return {severity: found[severity] for severity in Severity if found[severity]}


def severity_counts(severities: Sequence[Severity]) -> dict[Severity, int]:
    """How often each occurs."""
    return {severity: severities.count(severity) for severity in Severity if severity in severities}
