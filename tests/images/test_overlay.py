from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.images.overlay import Overlay, Sample, WastedFile
from optimizer.model.image import Entry


def entry(path: str, content: str | None = None, kind: str = "", mode: int = 0o644, machine: str = "", target: str = "") -> Entry:
    """A file with content, else a directory or what ``kind`` says."""
    if content is None:
        return Entry(path=path, kind=kind or "directory", mode=mode if kind else 0o755, uid=0, gid=0, mtime=0, target=target)
    digest = hashlib.sha256(content.encode()).hexdigest()
    return Entry(path=path, kind="file", mode=mode, uid=0, gid=0, mtime=0, size_bytes=len(content), digest=digest, machine=machine)


def laid(*layers: list[Entry]) -> Overlay:
    overlay = Overlay()
    for layer in layers:
        overlay.add(layer)
    return overlay


def seen(overlay: Overlay, top: str = "a") -> list[str]:
    return [item.path for item in overlay.below(top)]


BASE = [entry("a"), entry("a/b"), entry("a/b/x", "12345"), entry("a/y", "1234567890")]


@pytest.mark.parametrize(
    ("above", "wasted", "how", "left"),
    [
        ([entry("a/y", "new")], 10, "overwritten", ["a", "a/b", "a/b/x", "a/y"]),
        ([entry("a/y", "1234567890", mode=0o755)], 10, "rewritten unchanged", ["a", "a/b", "a/b/x", "a/y"]),
        ([entry("a/.wh.y", "")], 10, "deleted", ["a", "a/b", "a/b/x"]),
        ([entry("a/.wh.b", "")], 5, "deleted", ["a", "a/y"]),
        ([entry(".wh.a", "")], 15, "deleted", []),
        ([entry("a/b"), entry("a/b/.wh..wh..opq", "")], 5, "deleted", ["a", "a/b", "a/y"]),
        ([entry("a/b", "file now")], 5, "overwritten", ["a", "a/b", "a/y"]),
        ([entry("a/y", kind="symlink")], 10, "overwritten", ["a", "a/b", "a/b/x", "a/y"]),
        ([entry("a/y/z", "below a file")], 10, "overwritten", ["a", "a/b", "a/b/x", "a/y", "a/y/z"]),
        ([entry("a"), entry("a/new", "1")], 0, "", ["a", "a/b", "a/b/x", "a/new", "a/y"]),
        ([entry("a/.wh.nothing", "")], 0, "", ["a", "a/b", "a/b/x", "a/y"]),
    ],
)
def test_what_hides_what(above: list[Entry], wasted: int, how: str, left: list[str]) -> None:
    overlay = laid(BASE, above)
    assert (overlay.wasted_bytes, overlay.waste_by_layer) == ([wasted, 0], [0, wasted])
    assert seen(overlay) == left
    assert {item.how for item in overlay.largest_waste()} == ({how} if how else set())


def test_an_opaque_directory_keeps_what_its_own_layer_has_in_any_order() -> None:
    above = [entry("a/b"), entry("a/b/new", "1"), entry("a/b/.wh..wh..opq", ""), entry("a/b/later", "2")]
    assert seen(laid(BASE, above)) == ["a", "a/b", "a/b/later", "a/b/new", "a/y"]


def test_a_directory_made_anew_after_its_deletion_in_one_layer_stays() -> None:
    overlay = laid(BASE, [entry("a/b"), entry("a/.wh.b", ""), entry("a/b/z", "1")])
    assert seen(overlay) == ["a", "a/b", "a/b/z", "a/y"]


def test_a_path_twice_in_one_layer_is_waste_too() -> None:
    assert laid([entry("f", "12"), entry("f", "345")]).wasted_bytes == [2]


def test_the_largest_waste_is_kept_sorted_and_the_rest_counted() -> None:
    names = [f"f{number:02}" for number in range(30)]
    overlay = laid([entry(name, "x" * (number + 1)) for number, name in enumerate(names)], [entry(f".wh.{name}", "") for name in names])
    assert overlay.wasted_files == 30
    assert [item.size_bytes for item in overlay.largest_waste()] == list(range(30, 10, -1))
    assert overlay.largest_waste()[0] == WastedFile(path="f29", size_bytes=30, layer=0, by_layer=1, how="deleted")


def x64(path: str) -> Entry:
    return entry(path, "1", machine="x86_64")


def arm(path: str) -> Entry:
    return entry(path, "2", machine="arm64")


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        ([[x64("bin/tool"), arm("bin/own")]], [("bin/tool", 0)]),
        ([[x64("bin/tool")], [entry("bin/.wh.tool", "")]], []),
        ([[x64("bin/tool")], [arm("bin/tool")]], []),
        ([[x64("bin/tool")], [entry("bin/tool", "#!/bin/sh")]], []),
        ([[x64("bin/tool")], [entry("bin"), entry("bin/.wh..wh..opq", "")]], []),
        ([[arm("bin/tool")], [x64("bin/tool")]], [("bin/tool", 1)]),
        ([[x64("a/x"), entry("a/y", kind="hardlink", target="a/x")], [entry("a/.wh.x", "")]], [("a/y", 0)]),
        # Packages for several machines, of which the right one is there.
        ([[x64("m/prebuilds/linux-x64/a.node"), arm("m/prebuilds/linux-arm64/a.node")]], []),
        ([[x64("m/prebuilds/linux-x64/a.node")], [entry("m/prebuilds/linux-arm64"), arm("m/prebuilds/linux-arm64/b.node")]], []),
        ([[x64("m/lib/tool-linux-x64"), arm("m/lib/tool-linux-arm64")]], []),
        ([[x64("m/@img/sharp-linuxmusl-x64/lib/a.node"), arm("m/@img/sharp-linux-arm64/lib/a.node")]], []),
        # The installer took the wrong one.
        ([[x64("m/@esbuild/linux-x64/bin/esbuild")]], [("m/@esbuild/linux-x64/bin/esbuild", 0)]),
        ([[x64("m/@esbuild/linux-x64/bin/esbuild"), arm("m/@swc/core-linux-arm64/swc.node")]], [("m/@esbuild/linux-x64/bin/esbuild", 0)]),
        ([[x64("m/prebuilds/linux-x64/a.node"), arm("m/prebuilds/linux-arm64/a.node")], [entry("m/prebuilds/.wh.linux-arm64", "")]], [("m/prebuilds/linux-x64/a.node", 0)]),
        ([[x64("m/linux-x64/a"), arm("m/linux-arm64/a"), entry("m/linux-arm64/b", "3", machine="32-bit ARM")]], [("m/linux-arm64/b", 0)]),
    ],
)  # fmt: skip
def test_executables_for_another_machine(layers: list[list[Entry]], found: list[tuple[str, int]]) -> None:
    assert [(item.path, item.layer) for item in laid(*layers).foreign("arm64")] == found


def test_no_tree_is_walked_where_every_executable_is_right() -> None:
    overlay = laid([arm("bin/tool"), entry("a", "1")])
    overlay._root.children["a"] = None  # type: ignore[assignment]
    assert list(overlay.foreign("arm64")) == []


def test_hard_links_and_parents_without_entries_are_counted() -> None:
    overlay = Overlay()
    count, links, orphans = overlay.add([entry("a"), entry("a/h", kind="hardlink"), entry("b/c/d", "1"), entry("."), entry("e", "1")])
    assert (count, links, orphans) == (5, Sample(count=1, examples=("a/h",)), Sample(count=2, examples=("b", "b/c")))


def test_parents_may_come_after_their_children() -> None:
    assert Overlay().add([entry("a/b", "1"), entry("a")])[2] == Sample()


names_ = st.sampled_from(["a", "b", "a/b", "a/b/c", "b/c", ".wh.a", "a/.wh.b", "a/.wh..wh..opq", ".wh..wh..opq"])
layers_ = st.lists(st.lists(st.tuples(names_, st.none() | st.text("xy", max_size=5)), max_size=6), max_size=5)


@given(layers_)
def test_no_byte_is_lost_or_counted_twice(layers: list[list[tuple[str, str | None]]]) -> None:
    """Every byte of a file is wasted or seen."""
    made = [[entry(path, None if content is None and ".wh." not in path else content or "") for path, content in layer] for layer in layers]
    made = [[item for item in layer if ".wh." not in item.path or item.kind == "file"] for layer in made]
    overlay = laid(*made)
    total = sum(item.size_bytes for layer in made for item in layer if ".wh." not in item.path)
    left = sum(node.size for node in _nodes(overlay))
    assert sum(overlay.wasted_bytes) + left == total
    assert sum(overlay.wasted_bytes) == sum(overlay.waste_by_layer)


def _nodes(overlay: Overlay) -> list:
    found, todo = [], [overlay._root]
    while todo:
        node = todo.pop()
        found.append(node)
        todo += node.children.values()
    return found
