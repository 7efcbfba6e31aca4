"""The text of a finding in reports: what to do, and where else it is."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.linting.finding import Finding

UNPRINTABLE = "\ufffd"
_NAMED = 5


def advised(finding: Finding) -> str:
    """The message, and what to do on a line of its own."""
    return f"{finding.message}\nfix: {finding.hint}"


def constructs(finding: Finding) -> str:
    """The constructs with the finding, the first few by name; empty where there is none."""
    return named([name for name in (finding.location.construct, *finding.also) if name])


def named(names: Sequence[str]) -> str:
    """The first few of the names, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
