"""The negative directory: every case must fail, with its message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomlkit
from click.testing import CliRunner

from optimizer.bases.catalogue import base_image
from optimizer.bases.lock import Lock, LockedImage
from optimizer.cli.main import optimizer
from optimizer.errors import OptimizerError

NEGATIVE = Path(__file__).parent / "negative"
CASES: list[dict[str, Any]] = tomlkit.parse((NEGATIVE / "cases.toml").read_text(encoding="utf-8")).unwrap()["case"]
DIGEST = "sha256:" + "5" * 64


@pytest.fixture(scope="module")
def lock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import datetime

    day = datetime.date(2026, 11, 1)
    images = [
        LockedImage(reference=base_image("python3.13").reference, digest=DIGEST, resolved=day),
        LockedImage(reference=base_image("java21").reference, digest=DIGEST, resolved=day, kind="manifest", platforms={"amd64": DIGEST}),
    ]
    path = tmp_path_factory.mktemp("negative") / "optimizer.lock"
    path.write_text(Lock().with_images(images).render(), encoding="utf-8")
    return path


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_fails_with_its_message(case: dict[str, Any], lock: Path, tmp_path: Path) -> None:
    """Requirement: "one error per fault, each with its place and the fix, ... and nothing is written"."""
    spec = tmp_path / "case.image.toml"
    spec.write_text(case["spec"], encoding="utf-8")
    output = tmp_path / "out"
    arguments = ["render", str(spec), "--root", str(NEGATIVE / "project"), "--lock", str(lock), "--output", str(output)]
    result = CliRunner().invoke(optimizer, arguments)
    assert isinstance(result.exception, OptimizerError), result.output
    assert result.exception.exit_code == 2
    text = str(result.exception)
    position = 0
    for part in case["faults"]:
        found = text.find(part, position)
        assert found >= 0, f"{part!r} is not in, or not at its place in:\n{text}"
        position = found + len(part)
    assert not output.exists() or not list(output.iterdir())
