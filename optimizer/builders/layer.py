"""Archives in the form of a layer: what the builder unpacks, and nothing has to normalise."""

from __future__ import annotations

import functools
import posixpath
import tarfile
from collections.abc import Callable, Iterable
from typing import BinaryIO, NamedTuple

from optimizer.errors import ContextError, Fault
from optimizer.model.inputs import Input
from optimizer.model.plan import TIMESTAMP
from optimizer.model.recipes.content import PackedFiles
from optimizer.project.files import Entry, Project, directories_above, name_fault

_BLOCK = tarfile.BLOCKSIZE
_TYPES = {"directory": tarfile.DIRTYPE, "symlink": tarfile.SYMTYPE}
# Larger sizes do not fit into the digits of a header.
_SIZES = 8**11
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
    return tuple([found[path] for path in sorted(found)])


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
            file.write(header(member, 0))
            continue
        assert member.entry is not None
        with project.opened(member.entry) as source:
            file.write(header(member, source.size))
            for chunk in source.chunks():
                file.write(chunk)
        file.write(bytes(-source.size % _BLOCK))
    file.write(bytes(2 * _BLOCK))


def header(member: Member, size: int) -> bytes:
    """What tarfile writes before a member of that many bytes."""
    if member.mode != "symlink" and size < _SIZES and member.path.isascii():
        name = f"{member.path}/" if member.mode == "directory" else member.path
        if len(name) <= tarfile.LENGTH_NAME:
            return _short_header(name.encode("ascii"), size, *_short_parts(member.mode))
    return _long_header(member.path, member.mode, member.content, size)


def _long_header(path: str, mode: str, content: str, size: int) -> bytes:
    information = tarfile.TarInfo(path)
    information.type = _TYPES.get(mode, tarfile.REGTYPE)
    information.mode = _MODES[mode]
    information.mtime = TIMESTAMP
    information.size = size
    if mode == "symlink":
        information.linkname = content
    # Of the forms that every builder reads, the one that has room for every name and size.
    return information.tobuf(tarfile.PAX_FORMAT)


def _short_header(name: bytes, size: int, before: bytes, after: bytes, end: bytes, total: int) -> bytes:
    """A header with a name and a size that need no others before it: a tenth of tarfile's time."""
    digits = b"%011o" % size
    return b"%b%b%b%b%06o%b" % (name.ljust(tarfile.LENGTH_NAME, b"\0"), before, digits, after, total + sum(name) + sum(digits), end)


@functools.cache
def _short_parts(mode: str) -> tuple[bytes, bytes, bytes, int]:
    """The constant parts of the header of every file of a mode, around its size and checksum, and their part of the checksum.

    Source: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06
    """
    header = _long_header("", mode, "", 0)
    before, after, end = header[tarfile.LENGTH_NAME : 124], header[135:148], header[154:]
    # The sum is made with blanks in its own place, the last two of which it does not fill.
    return before, after, end, sum(before) + sum(after) + sum(end[2:]) + 8 * ord(" ")


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
