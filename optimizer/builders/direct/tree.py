"""The archive of a layer out of an archive of its tree, wherever that was made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from optimizer.builders.tar import END, EntryNote, TarEntry, header, padding, sort_key, unnoted
from optimizer.errors import ImageError
from optimizer.model.image import Entry
from optimizer.model.plan import TIMESTAMP

_KINDS = ("file", "directory", "symlink", "hardlink")


class TreeArchive(Protocol):
    """An archive that is read entry by entry; between two of them, the content of the first."""

    def __iter__(self) -> Iterator[Entry]: ...

    def content(self) -> Iterable[bytes]:
        """The content of the current file, in chunks."""


def layer_chunks(archive: TreeArchive, place: str, prefix: str = "", note: EntryNote = unnoted) -> Iterator[bytes]:
    """The archive in the form of a layer, without the entries that are not below the prefix.

    ``prefix`` is a directory of the archive that is the root of the image;
    ``place`` names the stage in errors.

    Raises :class:`ImageError` for what is no tree of a stage: another owner or
    time than every stage gives its files, devices, attributes, or names out of
    order, which no builder writes.
    """
    last = b""
    above = f"{prefix}/" if prefix else ""
    for entry in archive:
        if not entry.path.startswith(above) or entry.path in (".", prefix):
            continue
        path = entry.path.removeprefix(above)
        key = sort_key(path)
        if (wrong := _wrong(entry)) is None and key <= last:
            wrong = "is not in the order of a layer"
        if wrong is not None:
            raise ImageError(f'"{path}" of the stage "{place}" {wrong}', place, "build the image with docker: cdk deploy as it is")
        last = key
        target = entry.target.removeprefix(above) if entry.kind == "hardlink" else entry.target
        written = TarEntry(path, entry.kind, entry.mode, entry.size_bytes, target)
        note(written)
        yield header(written)
        if entry.kind == "file":
            yield from archive.content()
            yield padding(entry.size_bytes)
    yield END


def _wrong(entry: Entry) -> str | None:
    if entry.kind not in _KINDS:
        return f"is a {entry.kind}, which no layer of this project holds"
    if entry.attributes:
        return "has extended attributes, which no layer of this project holds"
    if (entry.uid, entry.gid) != (0, 0):
        return f"belongs to {entry.uid}:{entry.gid}, not to root"
    if entry.mtime != TIMESTAMP:
        return "has another time than the files of layers"
    return None
