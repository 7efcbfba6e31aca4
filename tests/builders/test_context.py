"""Contexts on disk: whole or not at all, with the modes that were hashed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from optimizer import Command, ImageSpec, Lock, PythonDependencies, plan
from optimizer.builders.docker.context import BuildContext, build_context, stage_context
from optimizer.errors import ContextError
from optimizer.model.inputs import Input
from optimizer.model.recipes.content import PackedFiles
from optimizer.project.files import Project
from tests.test_golden import GOLDEN


def context_of(*sources: str, archives: Mapping[str, PackedFiles] | None = None) -> BuildContext:
    inputs = tuple(Input(source=source, target="/", directory=source == ".") for source in sources)
    return BuildContext(
        dockerfile="FROM scratch\n",
        scripts={},
        inputs=inputs,
        archives=archives or {},
        contents=(),
        digest="0" * 64,
        platform="linux/amd64",
        secrets=(),
    )


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
        directory = stage_context(context_of("."), project, tmp_path / "out")
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
    context = context_of("data")
    project.entries("data")
    (source / "data").write_text("two!")
    with pytest.raises(ContextError, match='"data" changed while it was read'):
        stage_context(context, project, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_an_existing_context_is_never_rewritten(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("one")
    project = Project(tmp_path)
    context = context_of("data")
    directory = stage_context(context, project, tmp_path / "out")
    (directory / "data").write_text("kept")
    assert stage_context(context, project, tmp_path / "out") == directory
    assert (directory / "data").read_text() == "kept"


def test_two_entries_that_are_one_on_this_disk_are_told_by_name(tmp_path: Path) -> None:
    """It said "free some space" of a file that exists already."""
    (tmp_path / "data").write_text("one")
    project = Project(tmp_path)
    packed = PackedFiles(files=Input(source="data", target="/opt/", directory=False))
    with pytest.raises(ContextError) as raised:
        stage_context(context_of("data", archives={"data": packed}), project, tmp_path / "out")
    (fault,) = raised.value.faults
    assert fault.message == f'the build context cannot be written to {tmp_path / "out"}: File exists ("data")'
    assert fault.hint == "two names of the project are one name on this file system, which may ignore case: rename one of them"
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "free some space"),
        (errno.EROFS, "check the permissions of the directory, or write elsewhere"),
        (errno.EACCES, "check the permissions of the directory, or write elsewhere"),
        (errno.EIO, "check the disk, or write elsewhere"),
        (errno.ENAMETOOLONG, "shorten the path, or write to a directory with a shorter one"),
    ],
)
def test_the_hint_fits_what_the_system_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, hint: str) -> None:
    def failing(*_: object) -> None:
        raise OSError(number, os.strerror(number), str(tmp_path / "out"))

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(ContextError) as raised:
        stage_context(context_of(), Project(tmp_path), tmp_path / "out")
    assert os.strerror(number) in raised.value.faults[0].message
    assert raised.value.faults[0].hint == hint


def test_a_file_in_the_place_of_the_output_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(ContextError) as raised:
        stage_context(context_of(), Project(tmp_path), tmp_path / "out")
    assert raised.value.faults[0].hint == "a file is in the place of a directory: remove it, or write elsewhere"


SLIM = ImageSpec(runtime="python3.13", steps=[PythonDependencies("requirements.txt", slim=["tests"])])
LOCK = Lock.parse((GOLDEN / "optimizer.lock").read_text(encoding="utf-8"))


def slim_project(directory: Path) -> Project:
    (directory / "requirements.txt").write_text("six==1.17.0\n")
    return Project(directory)


def test_the_scripts_of_stages_are_files_of_the_context(tmp_path: Path) -> None:
    """Issue 14: "A slim step puts 24 kB of script into each build log"."""
    project = slim_project(tmp_path)
    context = build_context(plan(SLIM, LOCK, root=tmp_path), project)
    directory = stage_context(context, project, tmp_path / "out")
    scripts = sorted(path.name for path in (directory / "scripts").iterdir())
    assert scripts == ["compile_python.py", "normalise_python.py", "overlaps_python.py", "slim_python.py"]
    text = (directory / "scripts" / "slim_python.py").read_text()
    assert text.startswith("# Leaves out of the packages what the specification names, and writes down what that saved.\n")
    assert stat.S_IMODE((directory / "scripts" / "slim_python.py").stat().st_mode) == 0o644
    assert len(context.dockerfile) < 3500


def test_another_script_is_another_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = slim_project(tmp_path)
    made = plan(SLIM, LOCK, root=tmp_path)
    first = build_context(made, project)
    monkeypatch.setattr(
        "optimizer.builders.docker.context.context_scripts", lambda plan: {**first.scripts, "scripts/slim_python.py": "pass"}
    )
    second = build_context(made, project)
    assert first.dockerfile == second.dockerfile and first.digest != second.digest


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("scripts/normalise_python.py", "is the place of a script in the build context"),
        ("scripts", "is the place of a directory of the build context"),
    ],
)
def test_a_file_at_the_place_of_a_script_is_refused(path: str, message: str, tmp_path: Path) -> None:
    project = slim_project(tmp_path)
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text("mine")
    spec = ImageSpec(runtime="python3.13", steps=[Command([["true"]], inputs=[path])])
    with pytest.raises(ContextError) as raised:
        build_context(plan(spec, LOCK, root=tmp_path), project)
    assert [(fault.message, fault.hint) for fault in raised.value.faults] == [(f'"{path}" {message}', "rename the file")]
