from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from optimizer.adapters.context_copy import FIRST, SECOND, Machine, copy_context
from optimizer.errors import ContextError


@pytest.fixture
def context(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    (source / "lib" / "empty").mkdir(parents=True)
    (source / "Dockerfile").write_text("FROM scratch")
    (source / ".dockerignore").write_text("x")
    (source / "lib" / "run").write_text("#!/bin/sh")
    (source / "lib" / "run").chmod(0o755)
    (source / "lib" / "link").symlink_to("run")
    (source / "lib" / "gone").symlink_to("nowhere")
    return source


def tree(root: Path) -> dict[str, str]:
    found = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        found[name] = f"-> {os.readlink(path)}" if path.is_symlink() else "directory" if path.is_dir() else path.read_text()
    return found


def modes(root: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.lstat().st_mode) for path in [root, *root.rglob("*")] if not path.is_symlink()}


def times(root: Path) -> list[float]:
    return [path.lstat().st_mtime for path in [root, *root.rglob("*")]]


def test_the_content_is_the_same_and_all_else_is_not(context: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    copy_context(context, first, FIRST)
    copy_context(context, second, SECOND)
    assert tree(first) == tree(second) == tree(context)
    assert modes(first) == {
        "1": 0o775,
        "lib": 0o775,
        "empty": 0o775,
        "Dockerfile": 0o664,
        ".dockerignore": 0o664,
        "run": 0o775,
    }
    assert modes(second) == {"2": 0o700, "lib": 0o700, "empty": 0o700, "Dockerfile": 0o600, ".dockerignore": 0o600, "run": 0o700}
    for root, machine in ((first, FIRST), (second, SECOND)):
        low, high = machine.times
        assert all(low <= moment <= high for moment in times(root))
    assert FIRST.times[1] < SECOND.times[0]


def test_files_are_made_in_the_order_of_the_machine(context: Path, tmp_path: Path) -> None:
    for machine, expected in ((FIRST, [".dockerignore", "Dockerfile", "gone", "link", "run"]), (SECOND, None)):
        target = tmp_path / machine.name
        copy_context(context, target, machine)
        files = sorted((path for path in target.rglob("*") if not path.is_dir()), key=lambda path: path.lstat().st_mtime)
        expected = expected or ["run", "link", "gone", "Dockerfile", ".dockerignore"]
        assert [path.name for path in files] == expected


def test_what_cannot_be_copied_is_one_error(context: Path, tmp_path: Path) -> None:
    os.mkfifo(context / "pipe")
    with pytest.raises(ContextError, match='pipe" is neither a file, a directory nor a link'):
        copy_context(context, tmp_path / "1", FIRST)
    with pytest.raises(ContextError, match="cannot be copied: No such file or directory"):
        copy_context(tmp_path / "nothing", tmp_path / "2", FIRST)


def test_a_full_disk_is_one_error(context: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "x")

    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(ContextError, match="No space left on device") as raised:
        copy_context(context, tmp_path / "1", Machine(name="x", umask=0, time=0, reverse=False))
    assert raised.value.faults[0].hint == "free some space in the directory for temporary files, or set TMPDIR"
