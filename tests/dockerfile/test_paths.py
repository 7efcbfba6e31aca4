"""Paths of unusual names in the places of a Dockerfile where builders read patterns, variables and quotes."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer import Command, Files, ImageSpec, Lock, PythonDependencies, plan, render
from optimizer.errors import PlanError
from optimizer.model.steps import Step

LOCK = Lock.parse((Path(__file__).parents[1] / "golden" / "optimizer.lock").read_text(encoding="utf-8"))


def rendered(step: Step, path: str, root: Path) -> list[str]:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text("six==1.17.0\n", encoding="utf-8")
    return render(plan(ImageSpec(runtime="python3.13", steps=[step]), LOCK, root=root)).splitlines()


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("ranker[1].json", "models/ranker[[]1].json"),
        ("star*.json", r"[m]odels/star\\\\*.json"),
        ("what?.json", r"[m]odels/what\\\\?.json"),
        ("$HOME.json", r"models/\\$HOME.json"),
        ("it's.json", r"models/it\\'s.json"),
        ('"quoted".json', r"models/\\\"quoted\\\".json"),
        ("räton.json", "models/räton.json"),
    ],
)
def test_a_source_matches_its_file_alone(name: str, source: str, tmp_path: Path) -> None:
    """Each form was tried with BuildKit 0.12, which the engine tests do with some of them again."""
    lines = rendered(Command([["true"]], inputs=[f"models/{name}"]), f"models/{name}", tmp_path)
    assert any(line.startswith(f'COPY ["{source}", "/build/models/') for line in lines), lines


def test_fails_for_a_path_of_wildcards_alone(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="holds no letter or digit"):
        rendered(Command([["true"]], inputs=["*"]), "*", tmp_path)


def test_an_archive_holds_files_of_any_name(tmp_path: Path) -> None:
    lines = rendered(Files("*", to="/opt/ml/", name="model"), "*", tmp_path)
    assert "ADD layers/model.tar /" in lines


def test_a_lock_that_no_mount_can_name_is_copied(tmp_path: Path) -> None:
    lines = rendered(PythonDependencies("käse/requirements.txt"), "käse/requirements.txt", tmp_path)
    assert 'COPY ["käse/requirements.txt", "/src/requirements.txt"]' in lines
    assert not any("type=bind" in line and "source=scripts/" not in line for line in lines)
