"""The exact programs of an image, from files as AWS's bases and Debian's packages have them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from optimizer.adapters.images.files import open_files
from optimizer.adapters.images.program_versions import program_versions
from optimizer.errors import ImageError
from tests.images.archives import directory, file, link, tar, write_layout

HEADER = b'#define PY_MAJOR_VERSION 3\n\n/* Version as a string */\n#define PY_VERSION      \t"%s"\n/*--end constants--*/\n'
LIBRARY = "var/lang/lib/libpython3.13.so.1.0"
OTHER = tar(directory("etc"), file("etc/os-release", b"3.13.9\0"))
MEBIBYTE = 1 << 20


def program(*texts: bytes) -> bytes:
    """Something like a program of Python: among others, its texts end with a NUL."""
    return b"\x7fELF" + b"\0\xff".join([b"%.80s (%.80s) %.80s", b"unidata_version\x0015.1.0", *texts, b""]) + b"\0" * 100


def told(tmp_path: Path, layers: Sequence[bytes], minor: str = "3.13", **options: object) -> str:
    path = write_layout(tmp_path / "image", layers, **options)  # type: ignore[arg-type]
    with contextlib.closing(open_files(path)) as source:
        return program_versions(source, {"python": minor}).get("python", "")


@pytest.mark.parametrize(
    ("entries", "version"),
    [
        ([file("var/lang/include/python3.13/patchlevel.h", HEADER % b"3.13.5")], "3.13.5"),
        ([file("var/lang/include/python3.13/patchlevel.h", HEADER % b"3.13.0rc2")], "3.13.0rc2"),
        ([file(LIBRARY, program(b"3.13.5"))], "3.13.5"),
        ([file("var/lang/lib64/libpython3.13.so.1.0", program(b"3.13.11"))], "3.13.11"),
        # A linker writes one text for two of which one is the end of the other.
        ([file(LIBRARY, program(b"/build/Python-3.13.5"))], "3.13.5"),
        ([link("var/lang/bin/python", "/usr/bin/python3"), file("usr/bin/python3.13", program(b"3.13.5"))], "3.13.5"),
        # A program that has a library tells nothing itself.
        ([file("var/lang/bin/python3.13", program()), file(LIBRARY, program(b"3.13.5"))], "3.13.5"),
        ([file("usr/bin/python3.13", program(b"3.13.2")), file(LIBRARY, program(b"3.13.5"))], "3.13.5"),
        # What is no release, or no one release, or that of another Python, is not known.
        ([file("var/lang/include/python3.13/patchlevel.h", HEADER % b"3.13.5+")], ""),
        ([file(LIBRARY, program(b"3.13.5", b"3.13.4"))], ""),
        ([file(LIBRARY, program(b"13.13.5", b"1.3.13.5", b"3.13.5 and more", b"3.12.1"))], ""),
        ([file("usr/bin/python3.12", program(b"3.12.1"))], ""),
        ([file("opt/bin/python3.13", program(b"3.13.5"))], ""),
        ([link(LIBRARY, "libpython3.13.so")], ""),
        ([], ""),
    ],
)
def test_one_file_tells_it(entries: list[object], version: str, tmp_path: Path) -> None:
    assert told(tmp_path, [OTHER, tar(directory("var"), *entries)]) == version  # type: ignore[arg-type]


@pytest.mark.parametrize("before", [0, 1, MEBIBYTE - 8, MEBIBYTE - 6, MEBIBYTE - 1, MEBIBYTE, 2 * MEBIBYTE - 3])
def test_a_version_is_found_wherever_it_is_read_in_two_pieces(before: int, tmp_path: Path) -> None:
    assert told(tmp_path, [tar(file(LIBRARY, b"\xfe" * before + b"3.13.5\0" + b"\xfe" * 40))], compress=False) == "3.13.5"
    assert told(tmp_path, [tar(file(LIBRARY, b"\xfe" * before + b"13.13.5\0" + b"\xfe" * 40))], compress=False) == ""


def test_the_newest_layer_counts(tmp_path: Path) -> None:
    assert told(tmp_path, [tar(file(LIBRARY, program(b"3.13.5"))), OTHER, tar(file(LIBRARY, program(b"3.13.7"))), OTHER]) == "3.13.7"


def test_layers_below_the_one_that_tells_it_are_not_read(tmp_path: Path) -> None:
    """Requirement: "newest first, and stops as soon as it is found"."""
    assert told(tmp_path, [b"no archive at all", tar(file(LIBRARY, program(b"3.13.7")), file("var/lang/more"))]) == "3.13.7"
    with pytest.raises(ImageError, match="is not a tar archive"):
        told(tmp_path, [b"no archive at all", OTHER])


def test_a_header_of_any_size_is_read_to_its_limit(tmp_path: Path) -> None:
    """Requirement: "bounded memory"."""
    path = "var/lang/include/python3.13/patchlevel.h"
    assert told(tmp_path, [tar(file(path, b"\n" * MEBIBYTE + HEADER % b"3.13.5"))]) == ""


NODE_HEADER = b"#ifndef SRC_NODE_VERSION_H_\n#define NODE_MAJOR_VERSION %d\n#define NODE_MINOR_VERSION %d\n#define NODE_PATCH_VERSION %d\n"
NODE = "var/lang/bin/node"
NPM = "var/lang/lib/node_modules/npm/package.json"


def told_of_node(tmp_path: Path, *layers: bytes) -> dict[str, str]:
    path = write_layout(tmp_path / "image", layers)
    with contextlib.closing(open_files(path)) as source:
        return program_versions(source, {"node": "22", "npm": ""})


@pytest.mark.parametrize(
    ("entries", "versions"),
    [
        ([file("var/lang/include/node/node_version.h", NODE_HEADER % (22, 14, 0))], {"node": "22.14.0"}),
        ([file("var/lang/include/node/node_version.h", NODE_HEADER % (20, 14, 0))], {}),
        ([file("var/lang/include/node/node_version.h", NODE_HEADER[:60] % 22)], {}),
        ([file(NODE, program(b"node.js/v22.14.0", b"v22.14.0"))], {"node": "22.14.0"}),
        ([file(NODE, program(b"node.js/v22.14.0", b"v22.13.1"))], {}),
        ([file(NODE, program(b"v22.14.0.tar.gz", b"22.14.0", b"20.1.22.14.0", b"v20.9.0"))], {}),
        ([file(NPM, b'{"name": "npm", "version": "10.9.2"}')], {"npm": "10.9.2"}),
        ([file(NPM, b'{"version": 10}')], {}),
        ([file(NPM, b"no manifest")], {}),
        ([file(NPM, b'["10.9.2"]')], {}),
    ],
)
def test_files_of_nodejs_tell_theirs(entries: list[bytes], versions: dict[str, str], tmp_path: Path) -> None:
    assert told_of_node(tmp_path, OTHER, tar(directory("var"), *entries)) == versions  # type: ignore[arg-type]


def test_each_program_is_that_of_the_newest_layer_that_has_it(tmp_path: Path) -> None:
    """Whoever puts a newer npm into an image leaves its Node.js alone."""
    below = tar(file(NODE, program(b"v22.14.0")), file(NPM, b'{"version": "10.9.2"}'))
    assert told_of_node(tmp_path, b"no archive at all", below, tar(file(NPM, b'{"version": "11.6.0"}'))) == {
        "node": "22.14.0",
        "npm": "11.6.0",
    }
