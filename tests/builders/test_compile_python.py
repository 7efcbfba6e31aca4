"""The script that compiles a tree: its byte-code is a function of the tree, with the Python that runs these tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from optimizer.builders.docker.tree_scripts import compiled
from tests.patience import PATIENCE_S

ALL = sorted(os.sched_getaffinity(0))
SAYS_MORE = 'SIGN = "\\N{BULLET}"\n'
"""Brings the module of such names, whose functions are called ``decimal`` and ``numeric`` too."""


def plant(tree: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text, encoding="utf-8")


def run(directory: Path, tree: Path, processors: list[int]) -> subprocess.CompletedProcess[str]:
    """The script of the stage, on so many processors."""
    (script,) = compiled(True)
    program = directory / "compile.py"
    program.write_text(script.text, encoding="utf-8")
    argv = [sys.executable, "-S", "-B", "-W", "ignore", str(program), str(tree)]
    program_of_test = f"import os, sys; os.sched_setaffinity(0, {processors}); os.execv(sys.argv[1], sys.argv[1:])"
    environment = {"PYTHONHASHSEED": "0"}
    words = [sys.executable, "-I", "-c", program_of_test, *argv]
    return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def compiled_files(directory: Path, tree: Path, processors: list[int]) -> dict[str, bytes]:
    done = run(directory, tree, processors)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return {str(path.relative_to(tree)): path.read_bytes() for path in sorted(tree.rglob("*.pyc"))}


@pytest.mark.skipif(len(ALL) < 2, reason="one processor alone")
def test_the_number_of_processors_decides_nothing(tmp_path: Path) -> None:
    """Requirement: "layers identical bit for bit on every machine".

    Up to Python 3.10 a file is compiled to other bytes after one with a named character.
    """
    names = {f"{place}/m{number:03}.py" for place in ("a", "b/c") for number in range(100)}
    files = {name: SAYS_MORE if name.endswith("7.py") else 'def kinds():\n    return ["decimal", "numeric", "digit"]\n' for name in names}
    for tree in ("one", "all"):
        plant(tmp_path / tree, files)
    alone = compiled_files(tmp_path, tmp_path / "one", ALL[:1])
    assert len(alone) == 200
    assert alone == compiled_files(tmp_path, tmp_path / "all", ALL)


def test_byte_code_names_the_place_in_the_image_and_is_never_checked(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    plant(tree, {"var/task/app.py": "def handler(event, context):\n    raise ValueError\n"})
    (content,) = compiled_files(tmp_path, tree, ALL).values()
    assert b"/var/task/app.py" in content and str(tmp_path).encode() not in content
    assert content[4:8] == b"\x01\0\0\0", "by a hash that is not checked"


def test_what_is_no_python_stays_as_it_is(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    plant(
        tree,
        {"good.py": "X = 1\n", "template.py": "print {{ name }}\n", "binary.py": "\0", "__pycache__/left.py": "X = 2\n", "notes.txt": "x"},
    )
    (tree / "gone.py").symlink_to("nowhere.py")
    tag = sys.implementation.cache_tag
    assert set(compiled_files(tmp_path, tree, ALL)) == {f"__pycache__/good.{tag}.pyc"}


def test_code_that_cannot_be_written_ends_the_build(tmp_path: Path) -> None:
    """A full disk left a tree without byte-code, and without a word."""
    tree = tmp_path / "tree"
    plant(tree, {"app.py": "X = 1\n", "__pycache__": "in the way"})
    done = run(tmp_path, tree, ALL)
    assert done.returncode == 1
    assert "NotADirectoryError" in done.stderr and done.stderr.endswith("the code was not compiled\n")
