"""The scripts that make a tree the same on every machine; the engine tests run Ruby's, and the shell's with BusyBox."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from optimizer.builders.docker.tree_scripts import compiled, normalise
from optimizer.model.plan import TIMESTAMP
from tests.patience import PATIENCE_S
from tests.toolchains.scripts import argv

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
@pytest.mark.parametrize("language", ["python", "nodejs", "shell"])
def test_every_entry_gets_one_owner_one_time_and_one_of_two_modes(language: str, tree: Path) -> None:
    script = normalise(language)
    os.chown(tree / "owner", 1000, 1000)
    os.chown(tree / "link", 1000, 1000, follow_symlinks=False)
    before = (tree.parent / "outside").stat()
    subprocess.run(argv(script, tree, str(TIMESTAMP)), check=True, timeout=PATIENCE_S)
    for path in [tree, *tree.rglob("*")]:
        status = path.lstat()
        assert (status.st_uid, status.st_gid, status.st_mtime) == (0, 0, TIMESTAMP), path
        if not path.is_symlink():
            executable = path.is_dir() or path.name in ("owner", "group", "setuid")
            assert stat.S_IMODE(status.st_mode) == (0o755 if executable else 0o644), path
    after = (tree.parent / "outside").stat()
    assert (after.st_mode, after.st_uid, after.st_mtime) == (before.st_mode, before.st_uid, before.st_mtime)


@pytest.mark.skipif(os.geteuid() != 0, reason="builds run as root, and only root gives files away")
@pytest.mark.parametrize("language", ["python", "nodejs", "shell"])
@pytest.mark.parametrize("name", [".wh.app.py", ".wh..wh..opq", ".wh."])
@pytest.mark.parametrize("make", [Path.touch, Path.mkdir, lambda path: path.symlink_to("nowhere")], ids=["file", "directory", "link"])
def test_a_name_that_a_layer_takes_for_a_deletion_fails_the_stage(make: Any, name: str, language: str, tree: Path) -> None:
    """An engine keeps such a file while it builds, and the machine that unpacks the layer deletes its neighbour."""
    script = normalise(language)
    path = tree / "with space" / name
    make(path)
    done = subprocess.run(argv(script, tree, str(TIMESTAMP)), capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 1
    assert done.stderr == f"{path}: a name that starts with .wh. deletes a file of the image instead of adding one; rename or remove it\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="builds run as root, and only root gives files away")
@pytest.mark.parametrize("language", ["python", "nodejs", "shell"])
def test_names_that_only_look_like_a_deletion_stay(language: str, tree: Path) -> None:
    script = normalise(language)
    for name in (".wh", "a.wh.b", ".whatever", "..wh.x"):
        (tree / name).touch()
    subprocess.run(argv(script, tree, str(TIMESTAMP)), check=True, timeout=PATIENCE_S)


@pytest.mark.parametrize("count", [3, 600], ids=["alone", "with processes of its own"])
def test_python_code_is_compiled_to_bytes_of_its_source_alone(count: int, tree: Path) -> None:
    """From a file, the processes that compile read the script again; they must not compile the tree once more."""
    code = tree / "var" / "task"
    code.mkdir(parents=True)
    for number in range(count):
        (code / f"m{number}.py").write_text(f"VALUE = {number}\n", encoding="utf-8")
    (script,) = compiled(True)
    # Of the tests themselves, byte-code may be kept elsewhere.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(argv(script, tree), env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = sorted((code / "__pycache__").iterdir())
    assert len(found) == count
    # The flags of a .pyc: by hash, and not checked.
    assert {path.read_bytes()[4:8] for path in found} == {b"\x01\x00\x00\x00"}
