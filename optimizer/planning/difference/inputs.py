"""What stages read, before and after: files, patterns, and of lock files packages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from optimizer.locks.versions import Versions, locked_versions
from optimizer.model.inputs import Input
from optimizer.model.plan import Stage
from optimizer.planning.difference.values import Reason
from optimizer.planning.document import KeptPlan

_MOST_FILES = 20


class Contents(Protocol):
    """What the stages of one image read, as it was when the image was planned."""

    def files(self, stage: Stage, item: Input) -> Mapping[str, str] | None:
        """What tells each file of an input from others, by its path in the project; None where that is not there any more."""

    def text(self, path: str) -> str | None:
        """The text of a file that a builder reads as it is; None where it is not there, or no text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """An image before, or after: its plan, and what its stages read."""

    kept: KeptPlan
    contents: Contents


def input_reasons(former: Stage, stage: Stage, old: Side, new: Side, *, files: bool) -> Iterator[Reason]:
    """What differs in what two stages read; that a build context is not there any more is said."""
    before, after = ({item.source: item for item in each.inputs()} for each in (former, stage))
    for source in sorted({*before, *after}):
        if source not in after:
            yield Reason(f"{source} is not read any more")
        elif source not in before:
            yield Reason(f"{source} is read now")
        else:
            yield from _place(before[source], after[source])
            if files:
                yield from _contents(former, stage, before[source], after[source], old, new)


def _place(before: Input, after: Input) -> Iterator[Reason]:
    if before.target != after.target:
        yield Reason(f"{after.source} lands at {after.target} now, and at {before.target} before")
    if before.exclude != after.exclude:
        gone = [pattern for pattern in before.exclude if pattern not in after.exclude]
        come = [pattern for pattern in after.exclude if pattern not in before.exclude]
        parts = [*(f"- {pattern}" for pattern in gone), *(f"+ {pattern}" for pattern in come)] or ["their order"]
        yield Reason(f"patterns of what is left out of {after.source}: {', '.join(parts)}")


def _contents(former: Stage, stage: Stage, before: Input, after: Input, old: Side, new: Side) -> Iterator[Reason]:
    files = old.contents.files(former, before), new.contents.files(stage, after)
    if files[0] is None or files[1] is None:
        which = "before" if files[0] is None else "now"
        yield Reason(f"whether {after.source} changed cannot be told: the build context of {which} is not there, or is damaged")
        return
    yield from _files(files[0], files[1], old, new)


def _files(before: Mapping[str, str], after: Mapping[str, str], old: Side, new: Side) -> Iterator[Reason]:
    differing = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    for path in differing[:_MOST_FILES]:
        if path not in after:
            yield Reason(f"{path} is gone")
        elif path not in before:
            yield Reason(f"{path} is new")
        else:
            yield Reason(f"{path} changed", _packages(path, old.contents.text(path), new.contents.text(path)))
    if len(differing) > _MOST_FILES:
        yield Reason(f"and {len(differing) - _MOST_FILES} more files")


def _packages(path: str, before: str | None, after: str | None) -> tuple[str, ...]:
    """The packages of a lock file from which version to which; nothing of another file."""
    former, latter = (None if text is None else locked_versions(path, text) for text in (before, after))
    if former is None or latter is None:
        return ()
    changed = package_lines(former, latter)
    return changed or (("no version of a package, only other text",) if former else ())


def package_lines(before: Versions, after: Versions) -> tuple[str, ...]:
    """The packages that differ, one line each, sorted by name."""
    found = [_package(name, before.get(name, ()), after.get(name, ())) for name in sorted({*before, *after})]
    return tuple(line for line in found if line)


def _package(name: str, before: tuple[str, ...], after: tuple[str, ...]) -> str:
    if before == after:
        return ""
    if not after:
        return f"- {name} {', '.join(before)}"
    return f"{name} {', '.join(before)} -> {', '.join(after)}" if before else f"+ {name} {', '.join(after)}"
