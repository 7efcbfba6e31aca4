"""Python packages of several functions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from optimizer import ImageSpec, PythonDependencies, plan
from optimizer.bases.lock import Lock
from optimizer.model.plan import Run, Stage
from tests.test_golden import GOLDEN

LOCKS = {
    "requirements.txt": ("requirements.txt",),
    "requirements/api.txt": ("requirements/api.txt", "requirements/base.txt"),
    "uv.lock": ("uv.lock", "pyproject.toml"),
    "poetry.lock": ("poetry.lock", "pyproject.toml"),
    "Pipfile.lock": ("Pipfile.lock", "Pipfile"),
}


def without_sources(stage: Stage) -> Stage:
    """The stage as a builder compares it: it goes by the content of what is mounted, not by its name in the project."""
    runs = [action for action in stage.actions if isinstance(action, Run)]
    blind = [replace(run, reads=tuple(replace(item, source="") for item in run.reads)) for run in runs]
    return replace(stage, title="", actions=tuple(blind))


@pytest.mark.parametrize("lock", LOCKS)
def test_equal_locks_of_two_functions_are_one_build(lock: str, tmp_path: Path) -> None:
    """Six functions with two locks installed six times: the path of the function stood in the command."""
    for function in ("services/one", "two"):
        for name in LOCKS[lock]:
            path = tmp_path / function / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("-r base.txt\n" if name.endswith("api.txt") else "", encoding="utf-8")
    pins = Lock.parse((GOLDEN / "optimizer.lock").read_text(encoding="utf-8"))
    specs = [
        ImageSpec(runtime="python3.13", steps=[PythonDependencies(f"{function}/{lock}", name="packages")])
        for function in ("services/one", "two")
    ]
    one, two = (without_sources(plan(spec, pins, root=tmp_path).stage("packages")) for spec in specs)
    assert one == two
