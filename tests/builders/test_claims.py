"""Few words for what a tree of packages holds, by which two trees are told apart."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from optimizer.builders import claims as module
from optimizer.builders.claims import claims, meet


def tree(*files: str) -> dict[str, bool]:
    """The entries of a tree of files, with the directories above them."""
    above = {path[:at] for path in files for at, letter in enumerate(path) if letter == "/"}
    return {**dict.fromkeys(above, True), **dict.fromkeys(files, False)}


def test_packages_and_metadata_are_claims_and_namespaces_are_not() -> None:
    files = ["ns/one/__init__.py", "ns/one/deep/x.py", "ns/two.py", "one-1.0.dist-info/RECORD", "bin/tool", "one.libs/x.so"]
    assert claims(tree(*files)) == ("bin/tool", "ns/one", "ns/two.py", "one-1.0.dist-info", "one.libs/x.so")


def test_a_tree_with_too_many_claims_has_none() -> None:
    files = [f"data/{number}" for number in range(module.MOST + 1)]
    assert claims(tree(*files[:-1])) != ()
    assert claims(tree(*files)) == ()


PATHS = st.lists(
    st.lists(st.sampled_from(["a", "ab", "b", "__init__.py", "x.dist-info"]), min_size=1, max_size=3).map("/".join), max_size=4
)


def possible(paths: Iterable[str]) -> list[str]:
    """The paths that can be files of one tree."""
    found: list[str] = []
    for path in dict.fromkeys(paths):
        if not any(f"{path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{path}/") for other in found):
            found.append(path)
    return found


@given(PATHS.map(possible), PATHS.map(possible))
def test_trees_whose_claims_are_apart_share_no_file(one: list[str], other: list[str]) -> None:
    """Requirement: "an overlap is grouped, never a silent difference": also a file in the place of a directory is one."""
    left, right = tree(*one), tree(*other)
    clash = {path for path in left.keys() & right.keys() if not (left[path] and right[path])}
    if clash:
        assert meet(claims(left), claims(right))
        assert meet(claims(right), claims(left))


@given(PATHS.map(possible))
def test_every_file_is_under_one_claim(files: list[str]) -> None:
    found = claims(tree(*files))
    for path in files:
        assert len([claim for claim in found if f"{path}/".startswith(f"{claim}/")]) == 1
