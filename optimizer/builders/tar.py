"""The headers of a layer's tar archive, byte for byte as BuildKit writes them.

An archive of these, in the order of :func:`sort_key`, is the layer that an
engine makes of the same tree: its SHA-256 is the layer's ``diff_id``.  Python's
tarfile leaves the device fields empty where Go writes zeros, and cuts long
names elsewhere.
Sources: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html
and https://pkg.go.dev/archive/tar; the order and the device fields were
measured with BuildKit 0.14 in Docker 26.1.5, in both of its image stores.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

from optimizer.model.plan import TIMESTAMP

BLOCK = 512
END = bytes(2 * BLOCK)
"""What ends an archive."""

_TYPES = {"file": b"0", "hardlink": b"1", "symlink": b"2", "directory": b"5"}
_NAME_MAX, _PREFIX_MAX = 100, 155
# Eleven octal digits.
_SIZE_END = 8**11
_DEVICES = b"0000000\0" * 2


class TarEntry(NamedTuple):
    """One entry: a path relative to the root of the image, without a slash at either end.

    ``kind`` is ``file``, ``directory``, ``symlink`` or ``hardlink``, and
    ``target`` what a link names.  ``mode`` holds the permissions, and ``size``
    is in bytes, 0 for all but files.  Names that are not UTF-8 are decoded with
    ``surrogateescape``.
    """

    path: str
    kind: str
    mode: int
    size: int = 0
    target: str = ""


EntryNote = Callable[[TarEntry], object]
"""Is told of each entry that is written."""


def unnoted(entry: TarEntry) -> None:
    """The note of nobody."""


def sort_key(path: str) -> bytes:
    """By which entries stand in order: names as bytes at each level, a directory before all that is in it."""
    return _bytes(path).replace(b"/", b"\0")


def header(entry: TarEntry) -> bytes:
    """All that stands before the entry's content, which is followed by :func:`padding`."""
    name, target = _bytes(entry.path) + (b"/" if entry.kind == "directory" else b""), _bytes(entry.target)
    if len(name) <= _NAME_MAX and not target and entry.size < _SIZE_END and name.isascii():
        return _short(name, entry.size, *_short_parts(entry.kind, entry.mode))
    return _any(entry, name, target)


def padding(size: int) -> bytes:
    """What fills the last block of a content of that many bytes."""
    return bytes(-size % BLOCK)


def _any(entry: TarEntry, name: bytes, target: bytes) -> bytes:
    prefix, short = _split(name)
    records = {}
    if not target.isascii() or len(target) > _NAME_MAX:
        records["linkpath"] = target
    if not name.isascii() or short is None:
        records["path"] = name
    if entry.size >= _SIZE_END:
        records["size"] = b"%d" % entry.size
    if not records:
        return _block(entry.kind, entry.mode, short or b"", prefix, entry.size, target)
    # Where there have to be records, no long name is split.
    if len(name) > _NAME_MAX:
        records["path"] = name
    data = b"".join(_record(key, value) for key, value in sorted(records.items()))
    return b"".join(
        (
            _extended_block(_records_name(name), len(data)),
            data,
            padding(len(data)),
            _block(entry.kind, entry.mode, _cut(name), b"", 0 if entry.size >= _SIZE_END else entry.size, _cut(target)),
        )
    )


def _split(name: bytes) -> tuple[bytes, bytes | None]:
    """The prefix and the name of a path; no name where it does not fit into the two fields."""
    if len(name) <= _NAME_MAX:
        return b"", name
    length = len(name)
    if length > _PREFIX_MAX + 1:
        length = _PREFIX_MAX + 1
    elif name.endswith(b"/"):
        length -= 1
    cut = name.rfind(b"/", 0, length)
    rest = len(name) - cut - 1
    if cut <= 0 or cut > _PREFIX_MAX or not 0 < rest <= _NAME_MAX:
        return b"", None
    return name[:cut], name[cut + 1 :]


def _records_name(name: bytes) -> bytes:
    """The name of the header that holds the records: of no use to any reader, and part of the layer's digest."""
    directory, _, file = name.rpartition(b"/")
    joined = b"/".join(part for part in (directory, b"PaxHeaders.0", file) if part)
    return _ascii(joined)[:_NAME_MAX].rstrip(b"/")


def _cut(name: bytes) -> bytes:
    """What stands in a field that is too short, for readers that know no records."""
    kept = _ascii(name)
    shortened = kept[:_NAME_MAX]
    return shortened.rstrip(b"/") if len(kept) > _NAME_MAX and shortened.endswith(b"/") else shortened


def _ascii(name: bytes) -> bytes:
    return bytes(byte for byte in name if byte < 0x80)


def _record(key: str, value: bytes) -> bytes:
    body = b" %s=%s\n" % (key.encode("ascii"), value)
    length = len(body)
    # The length counts its own digits.
    while length != len(body) + len(b"%d" % length):
        length = len(body) + len(b"%d" % length)
    return b"%d%s" % (length, body)


def _block(kind: str, mode: int, name: bytes, prefix: bytes, size: int, target: bytes) -> bytes:
    return _summed(_fields(name, b"%07o\0" % mode, size, b"%011o\0" % TIMESTAMP, _TYPES[kind], target, _DEVICES, prefix))


def _extended_block(name: bytes, size: int) -> bytes:
    return _summed(_fields(name, b"0000000\0", size, b"00000000000\0", b"x", b"", bytes(16), b""))


def _fields(name: bytes, mode: bytes, size: int, mtime: bytes, kind: bytes, target: bytes, devices: bytes, prefix: bytes) -> bytes:
    return b"".join(
        (
            name.ljust(100, b"\0"),
            mode,
            b"0000000\0" * 2,
            b"%011o\0" % size,
            mtime,
            b" " * 8,
            kind,
            target.ljust(100, b"\0"),
            b"ustar\00000",
            bytes(64),
            devices,
            prefix.ljust(155, b"\0"),
            bytes(12),
        )
    )


def _summed(block: bytes) -> bytes:
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def _short(name: bytes, size: int, before: bytes, after: bytes, end: bytes, total: int) -> bytes:
    """The header of a name and a size that fit, of parts that are made once: a tenth of the time."""
    digits = b"%011o" % size
    return b"%b%b%b%b%06o%b" % (name.ljust(_NAME_MAX, b"\0"), before, digits, after, total + sum(name) + sum(digits), end)


@functools.lru_cache(maxsize=64)
def _short_parts(kind: str, mode: int) -> tuple[bytes, bytes, bytes, int]:
    """The constant parts of the headers of one kind and mode, around size and sum, and their part of the sum."""
    block = _block(kind, mode, b"", b"", 0, b"")
    before, after, end = block[_NAME_MAX:124], block[135:148], block[154:]
    # The sum is made with blanks in its own place, the last two of which it does not fill.
    return before, after, end, sum(before) + sum(after) + sum(end[2:]) + 8 * ord(" ")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
