"""What else a project needs beside its specs: lines of ignore files, and the settings that are not the defaults.

Nothing that is there is changed: lines are added at the end of a text, and
what is added to TOML is read again to prove it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from optimizer.locks.python import LockFault, parse_toml

TITLE = "# Settings of the Lambda image optimizer, as far as they are not its defaults."
"""The first line of a file of settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """A file beside the specs, before and after; ``before`` is None for a file that is not there.

    ``lines`` are what is new in it, and ``reason`` is why.
    """

    path: str
    before: str | None
    after: str
    lines: tuple[str, ...]
    reason: str


def ignore_file(path: str, before: str | None, names: Sequence[str], reason: str) -> Companion:
    """The ignore file with directories that tools make, each at the end."""
    lines = tuple(f"{name}/" for name in names)
    return Companion(path=path, before=before, after=_appended(before or "", lines), lines=lines, reason=reason)


def ignores(text: str, name: str) -> bool:
    """Whether a line of an ignore file leaves out every directory of the name."""
    return any(line.strip().removeprefix("**/").strip("/") in (name, "*") for line in text.splitlines())


def configuration(path: str, before: str | None, architecture: str) -> Companion | None:
    """The settings of a project whose images all have an architecture that is not Lambda's own default; None where they cannot be added.

    ``before`` is the text of a pyproject.toml, or None for a file of their own.
    """
    table = "defaults" if before is None else "tool.optimizer.defaults"
    lines = (
        *((TITLE,) if before is None else ("",)),
        *(("",) if before is None else (TITLE,)),
        f"[{table}]",
        f"# Every function that was found is for {architecture}, and those to come are too.",
        f'architecture = "{architecture}"',
    )
    after = _appended(before or "", lines)
    value = {"defaults": {"architecture": architecture}}
    if not _adds(before or "", after, value if before is None else {"optimizer": value}, () if before is None else ("tool",)):
        return None
    return Companion(path=path, before=before, after=after, lines=lines, reason=f"every image is for {architecture}")


def _appended(text: str, lines: Sequence[str]) -> str:
    ending = "\r\n" if "\r\n" in text else "\n"
    separator = ending if text and not text.endswith("\n") else ""
    return text + separator + "".join(f"{line}{ending}" for line in lines)


def _adds(before: str, after: str, added: Mapping[str, object], at: Sequence[str]) -> bool:
    """Whether the text after means what it meant before, and in a table besides what is added."""
    try:
        wanted, found = parse_toml(before), parse_toml(after)
    except LockFault:
        return False
    table = wanted
    for key in at:
        table = table.setdefault(key, {})
    table.update(added)
    return wanted == found
