"""docs/typescript.md: its first specification and its commands, on the project that the engine tests deploy."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from optimizer import ImageSpec, NodeBuild, NodeDependencies
from optimizer.cli.main import optimizer

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "typescript.md").read_text(encoding="utf-8")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = Path(shutil.copytree(ROOT / "tests" / "engine" / "projects" / "typescript", tmp_path / "shop"))
    shutil.copy(ROOT / "tests" / "golden" / "optimizer.lock", root)
    monkeypatch.chdir(root)
    return root


def test_the_first_specification_plans_as_the_page_says(shop: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (shop / "api.image.toml").write_text(text, encoding="utf-8")
    assert ImageSpec.load("api.image.toml").steps == (NodeBuild("functions/api", entries=["src/app.ts"]),)
    (command,) = re.findall(r"^    optimizer (plan .*)$", PAGE, re.MULTILINE)
    result = CliRunner().invoke(optimizer, command.split())
    assert result.exit_code == 0, result.output
    rows = {
        words[1]: words[0] for line in result.stdout.splitlines() if len(words := line.split()) > 1 and words[1].startswith("node-build")
    }
    assert rows == {"node-build-api": "1", "node-build-api-packages": "-"}
    assert "lists two stages: `node-build-api`, which is the layer, and `node-build-api-packages`, which is none" in PAGE


def test_init_writes_what_the_page_says(shop: Path) -> None:
    (command,) = re.findall(r"^    optimizer (init .*)$", PAGE, re.MULTILINE)
    result = CliRunner().invoke(optimizer, command.split())
    assert result.exit_code == 0, result.output
    packages, build = ImageSpec.load("worker.image.toml").steps
    assert packages == NodeDependencies("package-lock.json", package="@acme/worker")
    assert build == NodeBuild("functions/worker", script="build")
