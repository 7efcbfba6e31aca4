"""Walks: what is found, what is refused, and what patterns leave out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.context import Project
from optimizer.dockerfile.ignore import IgnorePatterns
from optimizer.errors import ContextError


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
