"""``optimizer plan --update`` decides the packing of Node.js packages too, and the next plan obeys it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from optimizer.bases.lock import Lock
from tests.adapters.git.repositories import Made, days_ago, repository
from tests.cli.plan_projects import output
from tests.test_golden import GOLDEN

TARGET = "app.image.toml"
SPEC = """\
runtime = "nodejs22.x"

[[steps]]
kind = "node-dependencies"
lock = "package-lock.json"
name = "packages"
"""


def files(**versions: str) -> dict[str, str]:
    """The manifest and the lock of packages in those versions."""
    manifest = {"name": "shop", "version": "1.0.0", "dependencies": versions}
    packages = {
        f"node_modules/{name}": {"version": version, "integrity": f"sha512-{name}-{version}"} for name, version in sorted(versions.items())
    }
    lock = {"name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": True, "packages": {"": manifest, **packages}}
    return {"package.json": json.dumps(manifest), "package-lock.json": json.dumps(lock)}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    first = {TARGET: SPEC, "optimizer.lock": (GOLDEN / "optimizer.lock").read_text(encoding="utf-8")}
    steady = {f"steady-{number}": "1.0.0" for number in range(30)}
    made = [Made(days_ago(40), {**first, **files(often="0.0.0", **steady)})]
    made += [Made(days_ago(40 - day), files(often=f"{day}.0.0", **steady)) for day in range(1, 40, 2)]
    monkeypatch.chdir(repository(tmp_path / "project", made))
    return tmp_path / "project"


def updated() -> dict[str, Any]:
    return dict(json.loads(output(TARGET, "--update", "--format", "json")))


def test_what_changes_often_gets_a_layer_of_its_own(project: Path) -> None:
    """Requirement: "`plan --update` decides nodejs packing for Node.js locks as it does for Python"."""
    report = updated()
    assert report["packing"].keys() == {"nodejs"}
    assert report["packing"]["nodejs"]["adopted"]
    groups = Lock.parse((project / "optimizer.lock").read_text(encoding="utf-8")).packing.of("nodejs")
    assert groups
    assert all("often" not in group or len(group) == 1 for group in groups)
    stages = json.loads(output(TARGET, "--format", "json"))["explanation"]["stages"]
    made = sorted(stage["changeProbability"] for stage in stages if stage["layer"])
    assert len(made) > 1
    assert made[-1] > 0.9
    assert made[-2] < 0.1, "what never changed is not made with what does"
    assert not updated()["changed"]


def test_a_lock_that_stays_whole_is_not_packed(project: Path) -> None:
    (project / TARGET).write_text(f'{SPEC}slim = ["tests"]\n', encoding="utf-8")
    assert updated()["packing"] == {}
