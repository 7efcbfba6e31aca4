"""The exact versions of the programs of an image, read from its layers: nothing of the image runs.

The newest layer that tells one counts, and reading stops when all are told.
What is read of a layer that is not read to its end is not checked against its
digest: a build whose base has another version says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from optimizer.adapters.images.layers import LayerPass
from optimizer.adapters.images.tar import Budget
from optimizer.model.image import ImageSource

_OF_AWS = "var/lang"
_OTHERS = ("usr/local", "usr")
_START_BYTES = 1 << 16
"""How much is read of a file of text, which tells the version in its first lines."""
_PYTHON_HEADER = re.compile(rb'^[ \t]*#[ \t]*define[ \t]+PY_VERSION[ \t]+"([^"\n]{1,20})"', re.MULTILINE)
_NODE_HEADER = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+NODE_(MAJOR|MINOR|PATCH)_VERSION[ \t]+(\d{1,3})[ \t]*$", re.MULTILINE)
_OF_NUMBERS = frozenset(bytes([byte]) for byte in b"0123456789.")
_LONGEST = 24
"""More bytes than a version and what surrounds it."""

_Chunks = Iterable[bytes]
_Teller = Callable[[_Chunks, str], Iterator[bytes]]


def program_versions(source: ImageSource, wanted: Mapping[str, str]) -> dict[str, str]:
    """The exact versions, such as ``3.13.5``, of those of the programs that some file of the image tells.

    ``wanted`` has the series that the version belongs to by the name of the
    program in ``optimizer.lock``: ``3.13`` for ``python``, ``22`` for ``node``;
    it is empty for ``npm``, which may be of any.  A program at AWS's own place
    counts first, and else one at the system's places.  Raises
    :class:`RegistryError` and :class:`ImageError` for layers that cannot be
    read.
    """
    budget = Budget()
    found: dict[str, str] = {}
    for index in reversed(range(len(source.image.layers))):
        places = {
            path: (program, prefix, teller)
            for program, series in wanted.items()
            if program not in found
            for prefix in (_OF_AWS, *_OTHERS)
            for path, teller in _PLACES[program](prefix, series)
        }
        others: dict[str, str] = {}
        with LayerPass(source, index, budget) as reading:
            for path, chunks in reading.files(places):
                program, prefix, teller = places[path]
                if program in found or not (version := _one(teller(chunks, wanted[program]), wanted[program])):
                    continue
                (found if prefix == _OF_AWS else others).setdefault(program, version)
                if found.keys() == wanted.keys():
                    return found
        found = {**others, **found}
        if found.keys() == wanted.keys():
            break
    return found


def _one(texts: Iterable[bytes], series: str) -> str:
    """The version of the series which the texts tell; empty where they tell none, or more than one."""
    version = re.compile(_version(series))
    found = {text for text in texts if version.fullmatch(text)}
    return found.pop().decode("ascii") if len(found) == 1 else ""


def _version(series: str) -> bytes:
    """What a release of the series is called; without a series, of any."""
    start = re.escape(series).encode() if series else rb"\d{1,3}"
    parts = rb"\.\d{1,3}" * (2 - series.count("."))
    return start + parts + rb"(?:(?:a|b|rc)\d{1,3})?"


def _places_of_python(prefix: str, series: str) -> Iterator[tuple[str, _Teller]]:
    """The header, a program without a library, and the library."""
    yield f"{prefix}/include/python{series}/patchlevel.h", _python_header
    yield f"{prefix}/bin/python{series}", _python_text
    yield from ((f"{prefix}/{directory}/libpython{series}.so.1.0", _python_text) for directory in ("lib", "lib64"))


def _places_of_node(prefix: str, series: str) -> Iterator[tuple[str, _Teller]]:
    """The header and the program."""
    yield f"{prefix}/include/node/node_version.h", _node_header
    yield f"{prefix}/bin/node", _node_text


def _places_of_npm(prefix: str, series: str) -> Iterator[tuple[str, _Teller]]:
    """The manifest of the package."""
    yield f"{prefix}/lib/node_modules/npm/package.json", _manifest


_PLACES: Mapping[str, Callable[[str, str], Iterator[tuple[str, _Teller]]]] = {
    "python": _places_of_python,
    "node": _places_of_node,
    "npm": _places_of_npm,
}


def _start(chunks: _Chunks) -> bytes:
    text = b""
    for chunk in chunks:
        text += chunk[: _START_BYTES - len(text)]
    return text


def _python_header(chunks: _Chunks, series: str) -> Iterator[bytes]:
    yield from (match[1] for match in _PYTHON_HEADER.finditer(_start(chunks)))


def _node_header(chunks: _Chunks, series: str) -> Iterator[bytes]:
    defined = {match[1]: match[2] for match in _NODE_HEADER.finditer(_start(chunks))}
    if len(defined) == 3:
        yield b".".join(defined[name] for name in (b"MAJOR", b"MINOR", b"PATCH"))


def _manifest(chunks: _Chunks, series: str) -> Iterator[bytes]:
    try:
        data = json.loads(_start(chunks))
    except ValueError:
        return
    if isinstance(data, dict):
        yield str(data.get("version")).encode()


def _python_text(chunks: _Chunks, series: str) -> Iterator[bytes]:
    """As a text of C, of which a linker may have put the end of a longer text in place of the whole."""
    for before, version in _texts(chunks, series):
        if before not in _OF_NUMBERS:
            yield version


def _node_text(chunks: _Chunks, series: str) -> Iterator[bytes]:
    """As the end of what the program calls itself."""
    for before, version in _texts(chunks, series):
        if before == b"v":
            yield version


def _texts(chunks: _Chunks, series: str) -> Iterator[tuple[bytes, bytes]]:
    """What looks like a version at the end of a text of C, each with the byte before it."""
    version = re.compile(_version(series) + rb"(?=\0)")
    before = b""
    for chunk in chunks:
        data = before + chunk
        for match in version.finditer(data):
            start = match.start()
            # What stands before the first byte is not known; a version there was seen with the chunk before.
            if start or not before:
                yield data[start - 1 : start], match[0]
        before = data[-_LONGEST:]
