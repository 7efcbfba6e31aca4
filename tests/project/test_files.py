"""Walks: what is found, what is refused, and what patterns leave out."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.errors import ContextError
from optimizer.model.ignore import IgnorePatterns
from optimizer.project.files import Project


@pytest.mark.parametrize("name", ["a\nb", "a\x7fb", "a\x1bb"])
def test_names_with_control_characters_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    with pytest.raises(ContextError, match="control character"):
        Project(tmp_path).entries(".")


def test_unusual_names_survive(tmp_path: Path) -> None:
    names = ["a b", "ünï", "$HOME", "'quoted'", "-dash", "#hash", "日本"]
    for name in names:
        (tmp_path / name).write_text(name)
    assert [entry.path for entry in Project(tmp_path).entries(".")] == sorted(names)


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "inner/../../outside"])
def test_links_may_not_leave_what_is_copied(tmp_path: Path, target: str) -> None:
    (tmp_path / "code").mkdir()
    os.symlink(target, tmp_path / "code" / "link")
    with pytest.raises(ContextError, match="outside the directory that is copied"):
        Project(tmp_path).entries("code")


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ContextError, match="neither a file, a directory nor a link"):
        Project(tmp_path).entries(".")


def one_by_one(patterns: list[str], path: str) -> bool:
    ignored = False
    for pattern in patterns:
        if IgnorePatterns.parse([pattern.removeprefix("!")]).ignores(path):
            ignored = not pattern.startswith("!")
    return ignored


@given(
    st.lists(st.from_regex(r"!?(\*\*/)?[ab*?]{1,3}(/[ab*]{1,2})?", fullmatch=True), max_size=6),
    st.from_regex(r"[ab]{1,2}(/[ab]{1,2}){0,2}", fullmatch=True),
)
def test_the_last_pattern_that_matches_decides(patterns: list[str], path: str) -> None:
    """The last line of the .dockerignore that matches a particular file determines whether it is included or excluded."""
    assert IgnorePatterns.parse(patterns).ignores(path) == one_by_one(patterns, path)


@given(
    st.lists(st.from_regex(r"!?\*\*/[ab*]{1,2}", fullmatch=True), max_size=5),
    st.from_regex(r"[ab]{1,2}(/[ab]{1,2}){0,2}", fullmatch=True),
)
def test_a_name_that_is_ignored_anywhere_is_so_as_by_an_expression(patterns: list[str], path: str) -> None:
    """Names without wildcards are looked up; a class of one character makes an expression of the same meaning."""
    as_classes = [pattern.replace("a", "[a]").replace("b", "[b]") for pattern in patterns]
    assert IgnorePatterns.parse(patterns).ignores(path) == IgnorePatterns.parse(as_classes).ignores(path)


def test_of_an_ignored_directory_only_what_was_taken_back_is_found(tmp_path: Path) -> None:
    for name in ("code/a/b/keep.txt", "code/a/c/other", "code/d/other"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    (tmp_path / "code/a/link").symlink_to("b/keep.txt")
    found = Project(tmp_path).entries("code", ("a", "d", "!**/keep.txt", "!a/link"))
    assert [entry.path for entry in found] == ["code/a", "code/a/b", "code/a/b/keep.txt", "code/a/link"]


@pytest.mark.parametrize("name", [".wh.app.py", ".wh..wh..opq", ".wh."])
@pytest.mark.parametrize("make", [Path.touch, Path.mkdir, lambda path: path.symlink_to("app.py")], ids=["file", "directory", "link"])
def test_a_name_that_a_layer_takes_for_a_deletion_is_refused(tmp_path: Path, name: str, make: Callable[[Path], None]) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").touch()
    make(tmp_path / "code" / name)
    with pytest.raises(ContextError) as raised:
        Project(tmp_path).entries("code")
    (fault,) = raised.value.faults
    assert fault.place == f"code/{name}"
    assert fault.message == f'the name "code/{name}" starts with ".wh.", which in a layer deletes "{name[4:]}" instead of adding a file'
    assert [entry.path for entry in Project(tmp_path).entries("code", ["**/.wh.*"])] == ["code/app.py"]


def test_every_fault_of_a_tree_is_told_at_once(tmp_path: Path) -> None:
    """They came one at a time: fix the name, run again, learn of the link, run again, learn of the pipe."""
    (tmp_path / "code" / "deep").mkdir(parents=True)
    (tmp_path / "code" / "a\nb").touch()
    (tmp_path / "code" / ".wh.x").touch()
    (tmp_path / "code" / "deep" / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "code" / "pipe")
    (tmp_path / "code" / "good").write_text("good")
    with pytest.raises(ContextError) as raised:
        Project(tmp_path).entries("code")
    assert [fault.message.partition("/")[2].partition('"')[0].partition("'")[0] for fault in raised.value.faults] == [
        "a\\nb",
        ".wh.x",
        "deep/link",
        "pipe",
    ]
    assert all(fault.hint for fault in raised.value.faults)


def test_of_many_faults_the_first_are_told_and_the_rest_counted(tmp_path: Path) -> None:
    for number in range(23):
        (tmp_path / f"link{number:02}").symlink_to("/etc/passwd")
    with pytest.raises(ContextError) as raised:
        Project(tmp_path).entries(".")
    assert [fault.place for fault in raised.value.faults] == [*(f"link{number:02}" for number in range(20)), ""]
    assert raised.value.faults[-1].message == "and 3 more faults of this kind in the same directory"


def test_all_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    for name in ("one", "two", "three"):
        (tmp_path / name).write_text(name)
    scan, opened = os.scandir, os.open

    def refused(path: object, *rest: object, **options: object) -> object:
        if Path(str(path)).name in ("closed", "one", "two"):
            raise PermissionError(13, "Permission denied", str(path))
        return (scan if not rest else opened)(path, *rest, **options)  # type: ignore[operator]

    # Permissions do not bind root, who runs these tests in containers.
    monkeypatch.setattr(os, "scandir", refused)
    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(ContextError) as raised:
        Project(tmp_path).entries(".")
    monkeypatch.undo()
    assert [fault.message for fault in raised.value.faults] == [
        f'"{name}" cannot be read: Permission denied' for name in ("closed", "one", "two")
    ]
