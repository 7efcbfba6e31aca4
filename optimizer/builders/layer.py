"""Archives in the form of a layer: what the builder unpacks, and nothing has to normalise."""

from __future__ import annotations

import posixpath
import tarfile
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple

from optimizer.errors import ContextError
from optimizer.model.inputs import Input
from optimizer.model.plan import TIMESTAMP
from optimizer.model.recipes.content import PackedFiles
from optimizer.project.files import Entry, Project, name_fault

_BLOCK = tarfile.BLOCKSIZE
_TYPES = {"directory": tarfile.DIRTYPE, "symlink": tarfile.SYMTYPE}
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
    """What an archive of the files holds, directories above them too, sorted by path.

    Raises :class:`ContextError` as :meth:`Project.entries` does, and for a
    target whose name no image can hold.
    """
    files = packed.files
    found = {}
    for entry in project.entries(files.source, files.exclude):
        path = _path(files, entry)
        mode = "executable" if packed.executable and entry.mode == "file" else entry.mode
        found[path] = Member(path, mode, entry.content, entry)
    tops = {files.target.strip("/")} if files.directory else set()
    # Without an entry of its own a directory would get the time of the build.
    for directory in tops | {above for path in (*found, *tops) for above in _directories(path)}:
        found.setdefault(directory, Member(directory, "directory", "", None))
    found.pop("", None)
    # Those of the entries have been looked at: these are the names that the target gives.
    faults = [fault for path, member in found.items() if member.entry is None or not files.directory if (fault := name_fault(path))]
    if faults:
        raise ContextError(faults)
    return tuple(found[path] for path in sorted(found))


def write_archive(file: BinaryIO, members: Iterable[Member], project: Project) -> None:
    """Write the archive; equal members give equal bytes.

    Raises :class:`ContextError` when a file changed since it was hashed.
    """
    for member in members:
        information = tarfile.TarInfo(member.path)
        information.type = _TYPES.get(member.mode, tarfile.REGTYPE)
        information.mode = _MODES[member.mode]
        information.mtime = TIMESTAMP
        if member.mode == "symlink":
            information.linkname = member.content
        if information.type != tarfile.REGTYPE:
            file.write(_header(information))
            continue
        assert member.entry is not None
        with project.opened(member.entry) as source:
            information.size = source.size
            file.write(_header(information))
            for chunk in source.chunks():
                file.write(chunk)
        file.write(bytes(-information.size % _BLOCK))
    file.write(bytes(2 * _BLOCK))


def _header(information: tarfile.TarInfo) -> bytes:
    # Of the forms that every builder reads, the one that has room for every name and size.
    return information.tobuf(tarfile.PAX_FORMAT)


def _path(files: Input, entry: Entry) -> str:
    target = files.target.lstrip("/")
    if not files.directory:
        return f"{target}{posixpath.basename(entry.path)}" if not target or target.endswith("/") else target
    below = entry.path if files.source == "." else entry.path.removeprefix(f"{files.source}/")
    return posixpath.join(target, below)


def _directories(path: str) -> Iterator[str]:
    while path := posixpath.dirname(path):
        yield path
