"""Contexts on disk: whole or not at all, with the modes that were hashed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from optimizer.context import Project, stage_context
from optimizer.context.project import Entry
from optimizer.context.staging import BuildContext
from optimizer.errors import ContextError


def context_of(*entries: Entry) -> BuildContext:
    return BuildContext(dockerfile="FROM scratch\n", entries=entries, archives={}, digest="0" * 64, platform="linux/amd64", secrets=())


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_modes_do_not_depend_on_the_umask(tmp_path: Path, umask: int) -> None:
    source = tmp_path / "project"
    source.mkdir()
    (source / "run").write_bytes(b"x" * 3_000_000)
    (source / "run").chmod(0o700)
    (source / "data").write_text("y")
    (source / "data").chmod(0o600)
    project = Project(source)
    before = os.umask(umask)
    try:
        directory = stage_context(context_of(*project.entries(".")), project, tmp_path / "out")
    finally:
        os.umask(before)
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {
        "Dockerfile": 0o644,
        "data": 0o644,
        "run": 0o755,
    }
    assert (directory / "run").read_bytes() == b"x" * 3_000_000


def test_a_file_that_changes_after_it_was_hashed_leaves_nothing(tmp_path: Path) -> None:
    source = tmp_path / "project"
    source.mkdir()
    (source / "data").write_text("one")
    project = Project(source)
    context = context_of(*project.entries("data"))
    (source / "data").write_text("two!")
    with pytest.raises(ContextError, match='"data" changed while it was read'):
        stage_context(context, project, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_an_existing_context_is_never_rewritten(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("one")
    project = Project(tmp_path)
    context = context_of(*project.entries("data"))
    directory = stage_context(context, project, tmp_path / "out")
    (directory / "data").write_text("kept")
    assert stage_context(context, project, tmp_path / "out") == directory
    assert (directory / "data").read_text() == "kept"
