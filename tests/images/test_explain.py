from __future__ import annotations

import io
import os
import py_compile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.images import explain
from optimizer.images.explain import explain_content


def hint(first: bytes, second: bytes, path: str = "file") -> str:
    found = explain_content(path, first, second)
    assert found is not None
    return found.hint


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b"built 2026-11-24T15:29:19Z.", b"built 2026-11-24T15:29:20Z."),
        (b"on 2026-11-24 done", b"on 2026-11-25 done"),
        (b"Tue Nov 24 15:29:19 UTC 2026", b"Tue Nov 24 15:29:20 UTC 2026"),
        (b'{"time": 1795533600}', b'{"time": 1795533602}'),
        (b'{"time": 1795533600123}', b'{"time": 1795533602456}'),
        (b"Date: Nov 24", b"Date: Nov 25"),
    ],
)
def test_timestamps_are_recognised(first: bytes, second: bytes) -> None:
    assert hint(first, second) == explain.TIMESTAMP


@pytest.mark.parametrize(
    ("first", "second"),
    [(b"/tmp/pip-target-a1b2c3d4/lib", b"/tmp/pip-target-zzyyxx99/lib"), (b"id=4f9c2d8e11aa0b77", b"id=c01d33b8e97f4a52")],
)
def test_random_names_are_recognised(first: bytes, second: bytes) -> None:
    assert hint(first, second) == explain.RANDOM


@pytest.mark.parametrize(("first", "second"), [(b"version one", b"version two"), (b"a", b"ab"), (b"x 2026-11-24", b"y 2026-11-24")])
def test_other_differences_get_no_guess(first: bytes, second: bytes) -> None:
    assert hint(first, second) == ""


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (py_compile.PycInvalidationMode.TIMESTAMP, explain.BYTECODE_TIME),
        (py_compile.PycInvalidationMode.UNCHECKED_HASH, explain.BYTECODE),
        (py_compile.PycInvalidationMode.CHECKED_HASH, explain.BYTECODE),
    ],
)
def test_the_header_of_byte_code_says_how_it_was_compiled(mode: py_compile.PycInvalidationMode, expected: str, tmp_path: Path) -> None:
    source = tmp_path / "m.py"
    made = []
    for number, moment in enumerate((1_000_000_000, 1_100_000_000)):
        source.write_text("X = 1")
        os.utime(source, (moment, moment))
        # The path that is kept in the code is what differs in hash-based byte-code.
        target = py_compile.compile(str(source), cfile=str(tmp_path / "m.pyc"), dfile=f"/build{number}/m.py", invalidation_mode=mode)
        made.append(Path(target).read_bytes())
    assert hint(*made, path="var/task/m.pyc") == expected


def test_archives_and_programs_are_recognised() -> None:
    def jar(year: int) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(zipfile.ZipInfo("a", (year, 1, 1, 0, 0, 0)), "x")
        return buffer.getvalue()

    assert hint(jar(2001), jar(2002)) == explain.ZIP_TIME
    assert hint(b"\x1f\x8b\x08\0\1\0\0\0rest", b"\x1f\x8b\x08\0\2\0\0\0rest") == explain.GZIP_TIME
    assert hint(b"\x1f\x8b\x08\0\1\0\0\0rest", b"\x1f\x8b\x08\0\1\0\0\0best") == ""
    assert hint(b"\x7fELF" + b"\0" * 90 + b"\1", b"\x7fELF" + b"\0" * 90 + b"\2") == explain.BINARY


@given(st.binary(max_size=300), st.binary(max_size=300), st.binary(max_size=300))
def test_the_first_differing_byte_is_found(common: bytes, first: bytes, second: bytes) -> None:
    found = explain_content("m.pyc", common + first, common + second)
    if found is None:
        assert first == second
        return
    one, other = common + first, common + second
    assert one[: found.offset] == other[: found.offset]
    assert one[found.offset : found.offset + 1] != other[found.offset : found.offset + 1]


def test_what_is_shown_is_printable() -> None:
    found = explain_content("x", b"\x1b[31mred\x00", b"\x1b[31mblu\xff")
    assert found is not None
    assert (found.first, found.second) == ("·[31mred·", "·[31mblu·")
