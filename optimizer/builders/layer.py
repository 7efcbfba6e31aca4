"""Archives in the form of a layer: what the builder unpacks, and nothing has to normalise."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from typing import BinaryIO, NamedTuple

from optimizer.builders.tar import END, TarEntry, header, padding, sort_key
from optimizer.errors import ContextError, Fault
from optimizer.model.inputs import Input
from optimizer.model.recipes.content import PackedFiles
from optimizer.project.files import Entry, Project, directories_above, name_fault

_MODES = {"directory": 0o755, "executable": 0o755, "file": 0o644, "symlink": 0o777}


class Member(NamedTuple):
    """One entry of an archive.

    ``path`` is relative to the root of the image.  ``mode`` is that of an
    :class:`Entry`, and so is ``content``; ``entry`` is the one of the project,
    and None for a directory that only leads to others.
    """

    path: str
    mode: str
    content: str
    entry: Entry | None


def archive_members(packed: PackedFiles, project: Project) -> tuple[Member, ...]:
    """What an archive of the files holds, directories above them too, in the order of a layer.

    Raises :class:`ContextError` as :meth:`Project.entries` does, and for the
    faults of :func:`target_faults`.
    """
    if faults := target_faults(packed.files):
        raise ContextError(faults)
    place = places(packed.files)
    found = {}
    for entry in project.entries(packed.files.source, packed.files.exclude):
        path = place(entry.path)
        mode = "executable" if packed.executable and entry.mode == "file" else entry.mode
        found[path] = Member(path, mode, entry.content, entry)
    tops = {packed.files.target.strip("/")} if packed.files.directory else set()
    # Without an entry of its own a directory would get the time of the build.
    for directory in tops | directories_above((*found, *tops)):
        found.setdefault(directory, Member(directory, "directory", "", None))
    found.pop("", None)
    return tuple([found[path] for path in sorted(found, key=sort_key)])


def target_faults(files: Input) -> list[Fault]:
    """The faults of the names that the target gives; those of the project's files are told where they are read."""
    target = files.target.strip("/") if files.directory else places(files)(files.source)
    return [fault for path in sorted({target, *directories_above([target])}) if path and (fault := name_fault(path))]


def write_archive(file: BinaryIO, members: Iterable[Member], project: Project) -> None:
    """Write the archive; equal members give equal bytes.

    Raises :class:`ContextError` when a file changed since it was hashed.
    """
    for member in members:
        if member.mode in ("directory", "symlink"):
            target = member.content if member.mode == "symlink" else ""
            file.write(header(TarEntry(member.path, member.mode, _MODES[member.mode], target=target)))
            continue
        assert member.entry is not None
        with project.opened(member.entry) as source:
            file.write(header(TarEntry(member.path, "file", _MODES[member.mode], source.size)))
            for chunk in source.chunks():
                file.write(chunk)
        file.write(padding(source.size))
    file.write(END)


def places(files: Input) -> Callable[[str], str]:
    """Where the files of the project land in the image, by their paths; without a slash at the front."""
    target = files.target.lstrip("/")
    if files.directory:
        source = "" if files.source == "." else f"{files.source}/"
        top = posixpath.join(target, "")
        return lambda path: top + path.removeprefix(source)
    if not target or target.endswith("/"):
        return lambda path: target + posixpath.basename(path)
    return lambda path: target
