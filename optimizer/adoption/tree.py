"""The file system of a stage, as far as its instructions show where files come from.

Terms
    entry     a path of the stage, with what stands there: files of the project,
              or what a draft makes
    draft     a step that is being put together; it is used when something that
              it makes ends in the image
    via       the instructions that brought an entry where it is
"""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from optimizer.adoption.actions import Export
from optimizer.adoption.drafts import Draft
from optimizer.dockerfile.instruction import Instruction

Kind = Callable[[str], "str | None"]
"""``file``, ``directory`` or None, for a path of the project."""

_SYSTEM = ("/", "/etc", "/home", "/opt", "/root", "/srv", "/tmp", "/usr", "/usr/bin", "/usr/local", "/usr/local/bin", "/usr/src", "/var", "/bin")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What stands at a path.

    ``source`` is a path of the project, None for what the ``draft`` makes;
    ``exclude`` holds patterns of what a copied directory leaves out.
    ``origin`` is where a command's stage has it, and ``exact`` says that it
    lands at the path itself, and not in it, if it should be a file.
    ``export`` is how the lock at ``source`` was exported to the path.
    """

    path: str
    directory: bool
    source: str | None = None
    draft: Draft | None = None
    exclude: tuple[str, ...] = ()
    origin: str = ""
    exact: bool = False
    via: tuple[Instruction, ...] = ()
    export: Export | None = None


class Tree:
    """The entries of a stage, the later ones above the earlier."""

    def __init__(self, entries: Iterable[Entry] = (), directories: Iterable[str] = ()) -> None:
        self.entries = list(entries)
        self.directories = {*_SYSTEM, *directories}

    def copy(self) -> Tree:
        """A tree of its own with the same entries."""
        return Tree(self.entries, self.directories)

    def put(self, entry: Entry) -> None:
        """Add an entry; a file takes the place of one at the same path."""
        if not entry.directory:
            self.entries = [other for other in self.entries if other.directory or other.path != entry.path]
        self.entries.append(entry)
        self.directories.update(_above(entry.path))
        if entry.directory:
            self.directories.add(entry.path)

    def hide(self, path: str) -> None:
        """Take away what stands at and below the path, as a mount does."""
        self.entries = [entry for entry in self.entries if not _covered(entry, (path,))]

    def unmount(self, before: Sequence[Entry], mounts: Collection[str]) -> None:
        """Let what stood at and below the mounts ``before`` stand there again, and nothing else; what stands elsewhere stays."""
        hidden = [entry for entry in before if _covered(entry, mounts)]
        stay = [entry for entry in self.entries if not _covered(entry, mounts)]
        old = [entry for entry in before if entry in hidden or entry in stay]
        self.entries = [*old, *(entry for entry in stay if entry not in old)]

    def is_directory(self, path: str) -> bool:
        """Whether a directory is known at the path."""
        return path in self.directories

    def file(self, path: str, kind: Kind) -> Entry | None:
        """The entry that holds a file of the project at the path; None when there is none."""
        for relative, entry in reversed(self.find(path, kind)):
            if not relative and entry.source is not None and not entry.directory:
                return entry
        return None

    def find(self, path: str, kind: Kind) -> list[tuple[str, Entry]]:
        """Everything at and below the path, each with its place relative to it; patterns fit the last name alone."""
        above, name = posixpath.split(path)
        if any(character in name for character in "*?["):
            return [(relative, _only(entry, relative, name)) for relative, entry in self.find(above, kind) if _fits(relative, name)]
        found = []
        for entry in self.entries:
            if entry.path == path:
                found.append(("", entry))
            elif is_below(entry.path, path):
                found.append((posixpath.relpath(entry.path, path), entry))
            elif entry.directory and is_below(path, entry.path):
                inner = _inner(entry, posixpath.relpath(path, entry.path), kind)
                if inner is not None:
                    found.append(("", replace(inner, path=path)))
        return found


def _covered(entry: Entry, mounts: Collection[str]) -> bool:
    return any(entry.path == path or is_below(entry.path, path) for path in mounts)


def is_below(path: str, directory: str) -> bool:
    """Whether the path lies in the directory; a directory does not lie in itself."""
    return path != directory and path.startswith(directory if directory.endswith("/") else f"{directory}/")


def _fits(relative: str, name: str) -> bool:
    # A directory whose content is not listed may hold something that fits.
    return not relative or fnmatch.fnmatchcase(relative.split("/")[0], name)


def _only(entry: Entry, relative: str, name: str) -> Entry:
    """Of a directory whose own content the pattern is for, what fits it."""
    if relative or entry.source is None or not entry.directory or name in ("*", "**"):
        return entry
    return replace(entry, exclude=(*entry.exclude, "*", f"!{name}"))


def _inner(entry: Entry, relative: str, kind: Kind) -> Entry | None:
    if entry.source is None:
        return replace(entry, origin=posixpath.join(entry.origin, relative) if entry.origin else "")
    source = posixpath.normpath(posixpath.join(entry.source, relative))
    found = kind(source)
    return (
        None if found is None else replace(entry, source=source, directory=found == "directory", exclude=rebased(entry.exclude, relative))
    )


def rebased(patterns: Iterable[str], directory: str) -> tuple[str, ...]:
    """Patterns of an ignore file as they are seen from a directory below; what only concerns other places is left out."""
    if directory in ("", "."):
        return tuple(patterns)
    result = []
    for pattern in patterns:
        negated, text = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
        parts = [part for part in text.strip().split("/") if part not in ("", ".")]
        for name in directory.split("/"):
            if parts and parts[0] == "**":
                break
            if not parts or not fnmatch.fnmatchcase(name, parts[0]):
                parts = []
                break
            parts = parts[1:]
        if parts:
            result.append(negated + "/".join(parts))
    return tuple(result)


def _above(path: str) -> list[str]:
    found = []
    while path not in ("/", ""):
        path = posixpath.dirname(path)
        found.append(path)
    return found
