from __future__ import annotations

import json
from pathlib import Path

import pytest

from optimizer.adoption.new_project import new_project

LOCK = Path(__file__).parents[1] / "golden" / "optimizer.lock"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty project: the feature flags of `optimizer new`, an app that runs ``app.py``, and pins of no real image."""
    made = new_project("cdk", "shop", "python3.13", "x86_64")
    settings = json.loads(made.files["cdk.json"])
    (tmp_path / "cdk.json").write_text(json.dumps({**settings, "app": "python app.py"}), encoding="utf-8")
    (tmp_path / "optimizer.lock").write_text(LOCK.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path
