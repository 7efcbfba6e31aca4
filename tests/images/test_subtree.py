"""What is left at one path of an image when its layers are laid over one another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from optimizer.images.subtree import Subtree
from optimizer.model.image import OPAQUE, WHITEOUT, Entry


def entry(path: str, kind: str = "file", mtime: float = 0) -> Entry:
    return Entry(path=path, kind=kind, mode=0o644, uid=0, gid=0, mtime=mtime)


def seen(*layers: list[Entry], top: str = "opt") -> dict[str, str]:
    """Paths below the top, and by which layer."""
    tree = Subtree(top)
    for layer in layers:
        tree.begin_layer()
        for each in layer:
            tree.add(each, f"{each.path} of {each.mtime:.0f}" if each.kind == "file" else "")
    return {path: f"{placed.entry.kind} {placed.layer}" for path, placed in tree.seen().items()}


def test_later_layers_win_and_only_the_top_counts() -> None:
    first = [entry("opt", "directory"), entry("opt/a"), entry("opt/b"), entry("option"), entry("etc/x")]
    assert seen(first, [entry("opt/b")]) == {"opt": "directory 0", "opt/a": "file 0", "opt/b": "file 1"}


def test_a_deletion_hides_what_is_below_and_nothing_of_its_own_layer() -> None:
    first = [entry("opt", "directory"), entry("opt/d", "directory"), entry("opt/d/x"), entry("opt/d/y")]
    gone, again = entry(f"opt/{WHITEOUT}d"), [entry("opt/d", "directory"), entry("opt/d/x")]
    assert seen(first, [gone]) == {"opt": "directory 0"}
    expected = {"opt": "directory 0", "opt/d": "directory 1", "opt/d/x": "file 1"}
    assert seen(first, [gone, *again]) == expected
    assert seen(first, [*again, gone]) == expected, "in whichever order"


def test_an_opaque_directory_keeps_itself() -> None:
    first = [entry("opt", "directory"), entry("opt/d", "directory"), entry("opt/d/x")]
    assert seen(first, [entry("opt/d", "directory"), entry(f"opt/d/{OPAQUE}"), entry("opt/d/y")]) == {
        "opt": "directory 0",
        "opt/d": "directory 1",
        "opt/d/y": "file 1",
    }
    assert seen(first, [entry(OPAQUE)]) == {}


def test_a_deleted_way_leads_to_nothing() -> None:
    assert seen([entry("opt/lib/x")], [entry(f"{WHITEOUT}opt")], top="opt/lib") == {}


def test_a_file_replaces_a_directory_and_all_below() -> None:
    assert seen([entry("opt/d", "directory"), entry("opt/d/x")], [entry("opt/d")]) == {"opt/d": "file 1"}
    assert seen([entry("opt/d")], [entry("opt/d", "directory"), entry("opt/d/x")]) == {"opt/d": "directory 1", "opt/d/x": "file 1"}


def test_what_stands_below_a_link_is_doubtful() -> None:
    tree = Subtree("opt")
    tree.begin_layer()
    tree.add(entry("opt", "symlink"))
    tree.begin_layer()
    tree.add(entry("opt/x"))
    assert tree.below_links == ["opt/x"]
    assert [placed.entry.kind for placed in Subtree("opt/x").on_the_way()] == []


NAMES = st.sampled_from(["a", "b", "c"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda names: "/".join(["opt", *names]))
ENTRIES = st.one_of(
    PATHS.map(entry),
    PATHS.map(lambda path: entry(path, "directory")),
    PATHS.map(lambda path: entry(f"{path.rpartition('/')[0]}/{WHITEOUT}{path.rpartition('/')[2]}")),
    PATHS.map(lambda path: entry(f"{path}/{OPAQUE}")),
)


@given(st.lists(st.lists(ENTRIES, max_size=6, unique_by=lambda each: each.path), max_size=4))
def test_nothing_is_seen_below_a_file_nor_below_what_a_later_layer_deleted(layers: list[list[Entry]]) -> None:
    tree = Subtree("opt")
    for layer in layers:
        tree.begin_layer()
        for each in layer:
            tree.add(each)
    found = tree.seen()
    for number, layer in enumerate(layers):
        for each in layer:
            folder, _, name = each.path.rpartition("/")
            hidden = f"{folder}/" if name == OPAQUE else f"{folder}/{name.removeprefix(WHITEOUT)}" if name.startswith(WHITEOUT) else None
            if hidden is not None:
                assert not [path for path, placed in found.items() if path.startswith(hidden.rstrip("/") + "/") and placed.layer < number]
    if not tree.below_links:
        files = [path for path, placed in found.items() if placed.entry.kind == "file"]
        assert not [path for path in found for file in files if path.startswith(f"{file}/")]
