"""What is checked together, because the same conventions hold for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from optimizer.adapters.tree import Source
from optimizer.config.lookup import ScopedConventions
from optimizer.linting.conventions import Conventions
from optimizer.linting.rule import Rule, rules_of


def rules_known(groups: Iterable[Group]) -> tuple[Rule, ...]:
    """All rules that the groups know, each once, sorted by id."""
    return tuple(sorted(dict.fromkeys(rule for group in groups for rule in group.known), key=lambda rule: rule.id))


def rules_run(groups: Iterable[Group]) -> tuple[Rule, ...]:
    """The rules that are run for at least one group, sorted by id."""
    return tuple(sorted(dict.fromkeys(rule for group in groups for rule in group.rules), key=lambda rule: rule.id))


@dataclass(slots=True, kw_only=True)
class Group:
    """Files, apps, templates and images for which the same conventions hold.

    ``files`` are paths of Dockerfiles, and ``sources`` everything else.
    """

    scoped: ScopedConventions
    files: list[str] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)

    @property
    def conventions(self) -> Conventions:
        """The conventions themselves."""
        return self.scoped.conventions

    @property
    def known(self) -> tuple[Rule, ...]:
        """All rules that suppressions may name, sorted by id."""
        return self.scoped.rules

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that are run, sorted by id."""
        return rules_of(self.conventions, self.known)

    @property
    def paths(self) -> set[str]:
        """The paths of everything that is checked; empty for what lies in no file."""
        return {*self.files, *(location.path for source in self.sources for location in source.locations)}

    @property
    def templates(self) -> list[Source]:
        """The sources that people write, which are judged as one tree with the files."""
        return [source for source in self.sources if not source.generated]
