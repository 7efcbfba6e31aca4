"""Reads tar archives that nobody has checked: one pass, bounded memory, no surprise.

Python's own reader believes the sizes that an archive claims (a header of ten
gigabytes is read into memory), keeps every entry, and takes a broken header in
the middle for the end.  This one reads what builders write (POSIX ustar and
pax, and GNU's long names) and refuses the rest.
Source: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html and
https://www.gnu.org/software/tar/manual/html_node/Standard.html
"""

from __future__ import annotations

import hashlib
import io
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from optimizer.errors import ImageError
from optimizer.images.machines import HEADER_BYTES, machine_of
from optimizer.model.image import Entry

CHUNK = 1 << 20
_BLOCK = 512
# A path has at most 4,096 bytes on Linux, the extended attributes of a file 64 KiB per attribute.
_MAX_HEADER_BYTES = 1 << 20
_MAX_PATH_BYTES = 4096
_MAX_DEPTH = 256
_KINDS = {
    b"0": "file",
    b"\0": "file",
    b"7": "file",
    b"1": "hardlink",
    b"2": "symlink",
    b"3": "character device",
    b"4": "block device",
    b"5": "directory",
    b"6": "fifo",
}
_XATTR = "SCHILY.xattr."
# The rest of a global header is comments, as git writes, or makes no sense for every entry.
_GLOBAL = ("mtime", "uid", "gid")
_DECIMAL = re.compile(r"-?\d{1,20}(?:\.\d{1,20})?")


@dataclass(slots=True)
class Budget:
    """What all archives of one image may hold together, so that a small file cannot fill the memory."""

    entries: int = 1_000_000
    text_bytes: int = 256 << 20

    def spend(self, entry: Entry, where: str) -> None:
        """Count one entry; raises ImageError when nothing is left."""
        self.entries -= 1
        self.text_bytes -= len(entry.path) + len(entry.target) + sum(len(name) + len(value) for name, value in entry.attributes)
        if self.entries < 0 or self.text_bytes < 0:
            raise ImageError(
                f"{where} has more entries than an image for Lambda can use: over {Budget().entries:,}, or longer names",
                hint="check where the image comes from",
            )


class TarReader:
    """The entries of an archive, in order; between two of them the content of the first may be read.

    ``where`` names the archive in errors.  Raises :class:`ImageError` for what
    is no archive, is truncated, or holds a path that leaves the archive.
    """

    def __init__(self, stream: BinaryIO | io.BufferedIOBase, where: str, budget: Budget, *, seekable: bool = False) -> None:
        self._stream = stream
        self._where = where
        self._budget = budget
        self._seekable = seekable
        self._globals: dict[str, str] = {}
        self._left = 0
        self._padding = 0
        self._first = True

    def __iter__(self) -> Iterator[Entry]:
        while True:
            self._skip(self._left + self._padding)
            self._left = self._padding = 0
            entry = self._next()
            if entry is None:
                return
            self._budget.spend(entry, self._where)
            yield entry

    @property
    def offset(self) -> int:
        """Where the current entry's content starts in a seekable archive."""
        return self._stream.tell()

    def content(self) -> Iterator[bytes]:
        """The content of the current file, in chunks."""
        while self._left:
            chunk = self._exactly(min(self._left, CHUNK))
            self._left -= len(chunk)
            yield chunk

    def _next(self) -> Entry | None:
        pax: dict[str, str] = {}
        name = link = None
        while True:
            header = self._stream_read(_BLOCK)
            if not header and self._first:
                raise self._error("is empty")
            if not any(header):
                return None
            if len(header) < _BLOCK:
                raise self._error("is not a tar archive" if self._first else "is truncated")
            self._check_sum(header)
            self._first = False
            kind, size = header[156:157], self._number(header[124:136])
            if kind in (b"x", b"g", b"L", b"K"):
                data = self._long(size)
                if kind == b"g":
                    self._globals.update((key, value) for key, value in self._records(data).items() if key in _GLOBAL)
                elif kind == b"x":
                    pax = self._records(data)
                elif kind == b"L":
                    name = _text(data)
                else:
                    link = _text(data)
                continue
            return self._entry(header, kind, size, {**self._globals, **pax}, name, link)

    def _entry(self, header: bytes, type_flag: bytes, size: int, pax: dict[str, str], name: str | None, link: str | None) -> Entry:
        if name is None:
            name = _text(header[:100])
            if header[257:263] == b"ustar\0" and header[345]:
                name = f"{_text(header[345:500])}/{name}"
        name = pax.get("path") or name
        if any(key.startswith("GNU.sparse.") for key in pax) or type_flag == b"S":
            raise self._error(f'has the sparse file "{name}", which no image builder writes')
        kind = _KINDS.get(type_flag)
        if kind is None:
            raise self._error(f'holds "{name}" of the unknown type {type_flag!r}')
        if kind == "file" and name.endswith("/"):
            kind = "directory"
        if "size" in pax:
            size = int(self._decimal(pax["size"]))
        if size < 0:
            raise self._error(f'claims that "{name}" has {size} bytes')
        if kind == "file":
            self._left, self._padding = size, -size % _BLOCK
        path = self._path(name)
        target = pax.get("linkpath") or link or _text(header[157:257])
        if len(target) > _MAX_PATH_BYTES:
            raise self._error(f'holds the link "{path[:80]}" to a path of {len(target)} bytes')
        return Entry(
            path=path,
            kind=kind,
            mode=self._number(header[100:108]) & 0o7777,
            uid=int(self._decimal(pax["uid"])) if "uid" in pax else self._number(header[108:116]),
            gid=int(self._decimal(pax["gid"])) if "gid" in pax else self._number(header[116:124]),
            mtime=self._decimal(pax["mtime"]) if "mtime" in pax else float(self._number(header[136:148])),
            size_bytes=size if kind == "file" else 0,
            target=(self._path(target) if kind == "hardlink" else target) if "link" in kind else "",
            attributes=tuple(sorted((key[len(_XATTR) :], value) for key, value in pax.items() if key.startswith(_XATTR))),
        )

    def _path(self, name: str) -> str:
        if "\0" in name or ".." in name.split("/"):
            raise self._error(f"holds the path {name[:200]!r}, which leaves the image")
        if len(name) > _MAX_PATH_BYTES:
            raise self._error(f"holds a path of {len(name)} bytes; Linux allows {_MAX_PATH_BYTES}")
        if name.count("/") > _MAX_DEPTH:
            raise self._error(f'holds the path "{name[:80]}…", more than {_MAX_DEPTH} directories deep')
        return posixpath.normpath(name.lstrip("/") or ".")

    def _check_sum(self, header: bytes) -> None:
        try:
            given = self._number(header[148:156])
        except ImageError:
            given = -1
        blank = header[:148] + b" " * 8 + header[156:]
        signed = sum(byte - 256 if byte > 127 else byte for byte in blank) if given >= 0 and sum(blank) != given else given
        if given not in (sum(blank), signed) or given < 0:
            raise self._error("is not a tar archive" if self._first else "is damaged: the check sum of a header is wrong")

    def _number(self, field: bytes) -> int:
        if field[0] & 0x80:
            value = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
            return value - (1 << (8 * len(field) - 1)) if field[0] & 0x40 else value
        text = field.split(b"\0")[0].strip(b" ")
        try:
            return int(text or b"0", 8)
        except ValueError:
            raise self._error(f"has a header with the number {text[:20]!r}") from None

    def _decimal(self, text: str) -> float:
        if not _DECIMAL.fullmatch(text):
            raise self._error(f"has a header with the number {text[:40]!r}")
        return float(text) if "." in text else int(text)

    def _records(self, data: bytes) -> dict[str, str]:
        """The records of a pax header: ``length key=value\\n``, the length being that of the whole record."""
        found: dict[str, str] = {}
        position = 0
        while position < len(data):
            space = data.find(b" ", position, position + 21)
            digits = data[position:space] if space > 0 else b""
            end = position + int(digits) if digits.isdigit() else 0
            key, equals, value = data[space + 1 : end - 1].partition(b"=")
            if not equals or end > len(data) or data[end - 1 : end] != b"\n":
                raise self._error("has a damaged extended header")
            found[key.decode("utf-8", "surrogateescape")] = value.decode("utf-8", "surrogateescape")
            position = end
        return found

    def _long(self, size: int) -> bytes:
        if not 0 <= size <= _MAX_HEADER_BYTES:
            raise self._error(f"has an extended header of {size} bytes; at most {_MAX_HEADER_BYTES} are read")
        data = self._exactly(size)
        self._skip(-size % _BLOCK)
        return data

    def _exactly(self, size: int) -> bytes:
        data = self._stream_read(size)
        if len(data) < size:
            raise self._error("is truncated")
        return data

    def _skip(self, size: int) -> None:
        if self._seekable and size:
            # A seek beyond the end succeeds; only the last byte shows whether it is there.
            self._stream.seek(size - 1, 1)
            size = 1
        while size:
            size -= len(self._exactly(min(size, CHUNK)))

    def _stream_read(self, size: int) -> bytes:
        parts = []
        while size:
            part = self._stream.read(size)
            if not part:
                break
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _error(self, message: str) -> ImageError:
        return ImageError(f"{self._where} {message}", hint="make the archive again, for example: docker save --output image.tar IMAGE")


def hashed_entries(reader: TarReader) -> Iterator[Entry]:
    """The entries with the digests of their contents, and the machines of executables."""
    for entry in reader:
        if entry.kind != "file":
            yield entry
            continue
        digest = hashlib.sha256()
        machine = ""
        for number, chunk in enumerate(reader.content()):
            if not number:
                machine = machine_of(chunk[:HEADER_BYTES])
            digest.update(chunk)
        yield Entry(
            path=entry.path,
            kind=entry.kind,
            mode=entry.mode,
            uid=entry.uid,
            gid=entry.gid,
            mtime=entry.mtime,
            size_bytes=entry.size_bytes,
            digest=digest.hexdigest(),
            machine=machine,
            attributes=entry.attributes,
        )


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("utf-8", "surrogateescape")
