"""What a change of a path changes of what stages read, held against the real thing."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer import Command, Files, ImageSpec, Lock, PythonDependencies, SourceCode, SystemPackages
from optimizer.model.inputs import Input
from optimizer.model.plan import BuildPlan
from optimizer.planning.impact import impact
from optimizer.planning.keys import stage_keys
from optimizer.planning.plan import plan
from optimizer.project.changes import changes_input, project_path
from optimizer.project.files import Project
from tests.test_golden import GOLDEN

LOCK = Lock.parse((GOLDEN / "optimizer.lock").read_text(encoding="utf-8"))
FILES = (
    "requirements.txt",
    "README.md",
    "fn/app.py",
    "fn/lib/text.py",
    "fn/lib/data.json",
    "fn/tests/test_app.py",
    "fn/node_modules/a.js",
    "models/a.bin",
    "models/notes.txt",
    "scripts/build.sh",
    "docs/page.md",
)
NEW = ("fn/new.py", "fn/lib/new.json", "fn/tests/new.py", "models/new/deep.bin", "docs/new.md", "fn/.env")
PATTERNS = ("tests", "*.json", "lib", "!lib/text.py", "**/*.txt", "!notes.txt", "new*", "l?b/*.py", "**")


def project_in(root: Path) -> None:
    for name in FILES:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("six==1.17.0\n" if name == "requirements.txt" else f"# {name}\n", encoding="utf-8")
    os.symlink("text.py", root / "fn" / "lib" / "link.py")
    os.symlink("models", root / "linked")


def planned(root: Path, exclude: Sequence[str]) -> tuple[BuildPlan, dict[str, str]]:
    """The plan, with a command that sees other trees and stands on changed system, and its keys."""
    project = Project(root)
    spec = ImageSpec(
        runtime="python3.13",
        steps=[
            SystemPackages(["jq"], name="tools"),
            PythonDependencies("requirements.txt", name="packages"),
            SourceCode("fn", name="code", exclude=exclude),
            Files("models", to="/opt/ml/", name="models", exclude=exclude),
            Files("linked", to="/opt/linked/", name="linked"),
            Files("models/a.bin", to="/opt/one/", name="one"),
            Command([["sh", "scripts/build.sh"]], name="built", inputs=["scripts"], after=["packages", "tools"]),
            Command([["true"]], name="last", after=["built"]),
        ],
    )
    made = plan(spec, LOCK, project)
    return made, stage_keys(made, project)


def change(root: Path, path: str) -> None:
    """Change everything at the path: each file below a directory, what a link points to, or make what is not there."""
    target = root / path
    if target.is_symlink():
        target.unlink()
        # Where a link of the project itself points is looked at through the link.
        os.symlink("other" if path != "linked" else "docs", target)
    elif target.is_dir():
        for below in sorted(target.rglob("*")):
            if below.is_file() and not below.is_symlink():
                below.write_text(below.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        before = target.read_text(encoding="utf-8") if target.exists() else ""
        target.write_text(before + "# changed\n", encoding="utf-8")


def answer(root: Path, made: BuildPlan, paths: Sequence[str]) -> set[str]:
    project = Project(root)
    named = [project_path(project, str(root / path)) for path in paths]

    def changes(item: Input) -> bool:
        return any(changes_input(project, item, path) for path in named)

    return set(impact(made, changes).made)


class TestExactness:
    """Requirement: "Exactness proven by a property test: change the file really, recompute keys, the set of changed keys equals the answer"."""

    @settings(max_examples=60)
    @given(
        paths=st.lists(
            st.sampled_from(
                (*FILES, *NEW, "fn", "fn/lib", "fn/tests", "models", "scripts", "docs", "fn/lib/link.py", "linked", "linked/a.bin", ".")
            ),
            min_size=1,
            max_size=3,
            unique=True,
        ),
        exclude=st.lists(st.sampled_from(PATTERNS), max_size=3, unique=True),
    )
    def test_the_answer_is_what_happens(self, paths: list[str], exclude: list[str]) -> None:
        directory = Path(tempfile.mkdtemp())
        try:
            project_in(directory)
            made, before = planned(directory, exclude)
            expected = answer(directory, made, paths)
            # A link is changed after what is reached through it.
            for path in sorted(paths, key=lambda path: path in ("linked", "fn/lib/link.py")):
                change(directory, path)
            _, after = planned(directory, exclude)
            assert {name for name in before if before[name] != after[name]} == expected
        finally:
            shutil.rmtree(directory)

    @pytest.mark.parametrize("path", ["fn/lib/text.py", "fn/tests", "models/notes.txt", "scripts/build.sh", "docs"])
    def test_what_is_removed_is_a_change_too(self, path: str, tmp_path: Path) -> None:
        """A difference of two commits names files that are gone."""
        project_in(tmp_path)
        (tmp_path / "scripts" / "other.sh").write_text("")
        made, before = planned(tmp_path, ["tests"])
        expected = answer(tmp_path, made, [path])
        (shutil.rmtree if (tmp_path / path).is_dir() else os.remove)(tmp_path / path)
        _, after = planned(tmp_path, ["tests"])
        assert {name for name in before if before[name] != after[name]} == expected
        assert answer(tmp_path, made, [path]) == expected, "asked after it was removed, the answer is the same"


def test_what_is_outside_of_the_project_changes_nothing(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    project_in(root)
    made, _ = planned(root, [])
    assert answer(root, made, ["../elsewhere.txt"]) == set()


def test_a_step_of_the_chain_takes_what_stands_on_it_with_it(tmp_path: Path) -> None:
    project_in(tmp_path)
    made, _ = planned(tmp_path, [])
    found = impact(made, partial(changes_input, Project(tmp_path), path="scripts/build.sh"))
    assert (found.read_by, tuple(found.made)) == (("built",), ("built", "last"))
    assert [*impact(made, partial(changes_input, Project(tmp_path), path="requirements.txt")).made] == ["packages", "built", "last"]
