"""Headers of layers: what every reader gives back of them, and bytes that were seen in layers of BuildKit."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from optimizer.adapters.images.tar import Budget, TarReader
from optimizer.builders import tar
from optimizer.builders.tar import END, TarEntry, header, padding, sort_key
from optimizer.model.plan import TIMESTAMP

NAME = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=120).filter(
    lambda name: name not in (".", "..")
)
PATH = st.lists(NAME, min_size=1, max_size=4).map("/".join) | st.from_regex(r"[a-z/]{90,280}", fullmatch=True).map(
    lambda text: "/".join(part for part in text.split("/") if part) or "x"
)


@st.composite
def entries(draw: st.DrawFn) -> TarEntry:
    kind = draw(st.sampled_from(["file", "directory", "symlink", "hardlink"]))
    target = draw(PATH) if kind.endswith("link") else ""
    size = draw(st.integers(0, 2**36) | st.sampled_from([8**11 - 1, 8**11])) if kind == "file" else 0
    return TarEntry(draw(PATH), kind, draw(st.sampled_from([0o644, 0o755, 0o777])), size, target)


@given(entry=entries())
@example(TarEntry("a" * 100, "directory", 0o755))
@example(TarEntry("a" * 99, "directory", 0o755))
@example(TarEntry(f"{'d' * 155}/{'n' * 100}", "file", 0o644))
@example(TarEntry(f"{'d' * 156}/{'n' * 100}", "file", 0o644))
@example(TarEntry(f"{'d' * 60}/{'n' * 101}", "file", 0o644))
@settings(max_examples=400)
def test_readers_give_back_what_was_written(entry: TarEntry) -> None:
    data = header(entry)
    assert len(data) % tar.BLOCK == 0
    with tarfile.open(fileobj=io.BytesIO(data + END), mode="r|", encoding="utf-8", errors="surrogateescape") as opened:
        found = opened.next()
    assert found is not None
    kinds = {tarfile.REGTYPE: "file", tarfile.DIRTYPE: "directory", tarfile.SYMTYPE: "symlink", tarfile.LNKTYPE: "hardlink"}
    assert (found.name, kinds[found.type], found.mode, found.size, found.linkname) == entry
    assert (found.uid, found.gid, found.uname, found.gname, found.mtime) == (0, 0, "", "", TIMESTAMP)
    if entry.size == 0 and len(entry.path.encode()) < 4096:
        (read,) = TarReader(io.BytesIO(data + END), "the archive", Budget())
        assert (read.path, read.kind, read.mode, read.mtime) == (entry.path, entry.kind, entry.mode, TIMESTAMP)


@given(entry=entries())
@settings(max_examples=200)
def test_the_short_way_gives_the_same_bytes(entry: TarEntry) -> None:
    """Most headers are made of parts that are kept; the others one by one."""
    name = entry.path.encode() + (b"/" if entry.kind == "directory" else b"")
    assert header(entry) == tar._any(entry, name, entry.target.encode())


def test_the_device_fields_are_zeros_as_go_writes_them() -> None:
    data = header(TarEntry("var/task/app.py", "file", 0o644, 5))
    assert data[329:345] == b"0000000\0" * 2
    assert data[257:265] == b"ustar\00000"


@pytest.mark.parametrize(
    ("path", "prefix", "name"),
    [
        (f"{'d' * 90}/{'n' * 20}", "d" * 90, "n" * 20),
        (f"{'d' * 50}/{'e' * 50}/{'n' * 20}", f"{'d' * 50}/{'e' * 50}", "n" * 20),
        (f"{'d' * 100}/{'e' * 54}/{'n' * 99}", f"{'d' * 100}/{'e' * 54}", "n" * 99),
        (f"{'d' * 100}/{'e' * 55}/{'n' * 99}", None, None),
        (f"{'d' * 155}/{'n' * 100}", "d" * 155, "n" * 100),
        (f"/{'n' * 100}", None, None),
    ],
)
def test_long_names_are_cut_where_go_cuts_them(path: str, prefix: str | None, name: str | None) -> None:
    data = header(TarEntry(path, "file", 0o644))
    if prefix is None:
        assert data[156:157] == b"x"
        return
    assert name is not None
    assert data[:100].rstrip(b"\0") == name.encode()
    assert data[345:500].rstrip(b"\0") == prefix.encode()


def test_a_directory_stands_before_its_content_and_that_before_its_siblings() -> None:
    assert sorted(["a.b", "a-b", "a/z", "a", "é", "z"], key=sort_key) == ["a", "a/z", "a-b", "a.b", "z", "é"]


def test_a_content_fills_whole_blocks() -> None:
    assert [len(padding(size)) for size in (0, 1, 511, 512, 513)] == [0, 511, 1, 0, 511]
