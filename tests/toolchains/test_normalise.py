"""The scripts that make a tree the same on every machine; the engine tests run Ruby's, and the shell's with BusyBox."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from optimizer.model.plan import TIMESTAMP
from optimizer.toolchains.toolchain import normalise

ODD = ("with space", "*", "[1]", "-n", ".hidden", "..two", "$HOME", "back\\slash", "'\"")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "layer"
    for name in ODD:
        directory = root / name
        directory.mkdir(parents=True)
        (directory / name).write_text(name)
        (directory / name).chmod(0o600)
    for name, mode in {"owner": 0o700, "group": 0o610, "setuid": 0o4755, "open": 0o666}.items():
        (root / name).write_text(name)
        (root / name).chmod(mode)
    (root / "empty").mkdir()
    (root / "empty").chmod(0o3770)
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o700)
    (root / "link").symlink_to(outside)
    (root / "dangling").symlink_to("nowhere")
    return root


@pytest.mark.skipif(os.geteuid() != 0, reason="builds run as root, and only root gives files away")
@pytest.mark.parametrize("family", ["python", "nodejs", "other"])
def test_every_entry_gets_one_owner_one_time_and_one_of_two_modes(family: str, tree: Path) -> None:
    script = normalise(family)
    os.chown(tree / "owner", 1000, 1000)
    os.chown(tree / "link", 1000, 1000, follow_symlinks=False)
    before = (tree.parent / "outside").stat()
    subprocess.run([*script.interpreter, script.script, str(tree)], check=True, timeout=60)
    for path in [tree, *tree.rglob("*")]:
        status = path.lstat()
        assert (status.st_uid, status.st_gid, status.st_mtime) == (0, 0, TIMESTAMP), path
        if not path.is_symlink():
            executable = path.is_dir() or path.name in ("owner", "group", "setuid")
            assert stat.S_IMODE(status.st_mode) == (0o755 if executable else 0o644), path
    after = (tree.parent / "outside").stat()
    assert (after.st_mode, after.st_uid, after.st_mtime) == (before.st_mode, before.st_uid, before.st_mtime)
