"""Why two versions of one file differ, as far as their bytes show."""

from __future__ import annotations

import re
from dataclasses import dataclass

_AROUND = 64
_SHOWN_BEFORE, _SHOWN_AFTER = 12, 36

# What a time looks like in a text, the most telling first.
_TIMES = tuple(
    re.compile(pattern)
    for pattern in (
        rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?",
        rb"\d{4}[-/]\d\d[-/]\d\d",
        rb"\d\d:\d\d:\d\d",
        rb"(?<![0-9])1[5-9]\d{8}(?:\d{3}|\d{6}|\d{9})?(?:\.\d+)?(?![0-9])",
        rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* +\d{1,2}",
    )
)
_RANDOM = re.compile(rb"[A-Za-z0-9_-]{6,}")
_MAGIC_ZIP, _MAGIC_GZIP, _MAGIC_ELF = b"PK\x03\x04", b"\x1f\x8b", b"\x7fELF"

TIMESTAMP = "a timestamp inside the file: make the build write a constant, or none; many tools read SOURCE_DATE_EPOCH"
BYTECODE_TIME = (
    "byte-code compiled by timestamp: its header holds the time of its source; "
    "compile with --invalidation-mode unchecked-hash, or not at all (pip install --no-compile)"
)
BYTECODE = (
    "byte-code with other content: usually a random build path (compileall -s DIRECTORY -p /), a hash seed (PYTHONHASHSEED=0 for Python 3.10), "
    "or what the same process compiled before (compileall -j up to Python 3.10: leave it out)"
)
ZIP_TIME = "a zip or jar archive, which keeps the times of its members: project.build.outputTimestamp for Maven, preserveFileTimestamps = false for Gradle"
GZIP_TIME = "gzip writes the time into its header: compress with gzip --no-name"
BINARY = "a program or library: build with fixed paths and no build id, for Go -trimpath -buildvcs=false, for C -ffile-prefix-map"
RANDOM = "a random name inside the file, such as a temporary path or a generated id: give it a constant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Where two contents part and what stands there; ``hint`` is empty when nothing is recognised.

    ``offset`` is that of the first differing byte, counted from 0.
    """

    offset: int
    first: str
    second: str
    hint: str


def explain_content(path: str, first: bytes, second: bytes) -> Explanation | None:
    """What is known from two contents, or their beginnings; None where those are equal."""
    offset = _parting(first, second)
    if offset is None:
        return None
    return Explanation(offset=offset, first=_shown(first, offset), second=_shown(second, offset), hint=_hint(path, first, second, offset))


def _parting(first: bytes, second: bytes) -> int | None:
    if first == second:
        return None
    low, high = 0, min(len(first), len(second))
    # The longest common beginning, by halving: slices compare fast, single bytes do not.
    while low < high:
        middle = (low + high + 1) // 2
        if first[:middle] == second[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _hint(path: str, first: bytes, second: bytes, offset: int) -> str:
    if path.endswith(".pyc") and min(len(first), len(second)) >= 16:
        # https://peps.python.org/pep-0552/: bit 0 of the field after the magic number says that a hash stands in the time's place.
        by_time = not int.from_bytes(first[4:8], "little") & 1
        return BYTECODE_TIME if by_time and first[8:12] != second[8:12] else BYTECODE
    if first.startswith(_MAGIC_ZIP) and second.startswith(_MAGIC_ZIP):
        return ZIP_TIME
    if first.startswith(_MAGIC_GZIP) and second.startswith(_MAGIC_GZIP) and 4 <= offset < 8:
        return GZIP_TIME
    for pattern in _TIMES:
        one, other = _around(pattern, first, offset), _around(pattern, second, offset)
        if one and other and one != other:
            return TIMESTAMP
    if first.startswith(_MAGIC_ELF):
        return BINARY
    one, other = _around(_RANDOM, first, offset), _around(_RANDOM, second, offset)
    return RANDOM if one and other and len(one) == len(other) and _looks_random(one, other) else ""


def _around(pattern: re.Pattern[bytes], data: bytes, offset: int) -> bytes:
    """What the pattern finds over the offset."""
    start = max(0, offset - _AROUND)
    for match in pattern.finditer(data[start : offset + _AROUND]):
        if start + match.start() <= offset < start + match.end():
            return match.group()
    return b""


def _looks_random(first: bytes, second: bytes) -> bool:
    """Whether most of what differs is what a generator of names writes: at least half of the letters, of equal length."""
    return 2 * sum(one != other for one, other in zip(first, second, strict=True)) >= min(len(first), 12)


def _shown(data: bytes, offset: int) -> str:
    piece = data[max(0, offset - _SHOWN_BEFORE) : offset + _SHOWN_AFTER]
    return "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in piece)
