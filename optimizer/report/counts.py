"""Numbers with their nouns."""

from __future__ import annotations

from collections.abc import Collection, Iterable


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    plural = many or (f"{one[:-1]}ies" if one.endswith("y") else f"{one}s")
    return f"{number:,} {one if number == 1 else plural}"


def users_counted(functions: Collection[str], runtimes: Iterable[str]) -> str:
    """How many functions there are, and runtimes, whose paths name the architecture too: ``2 functions, 1 runtime``."""
    names = {path.rpartition(" (")[0] for path in runtimes}
    counts = [counted(len(functions), "function")] if functions or not names else []
    return ", ".join([*counts, *([counted(len(names), "runtime")] if names else [])])
