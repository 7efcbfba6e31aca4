"""A Dockerfile that a synthesized app has copied is one function, and what is found in it is counted once."""

from __future__ import annotations

import json
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from click.testing import CliRunner

from optimizer.checking.estate import read_estate
from optimizer.cli.main import optimizer
from optimizer.linting.finding import Severity
from tests.estate.generated import DAY

DOCKERFILE = 'FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ${LAMBDA_TASK_ROOT}/\nCMD ["app.handler"]\n'


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three functions with equal Dockerfiles, of which the synthesized app has two, and one of another text."""
    root = tmp_path / "shop"
    for name in ("orders", "stock", "later", "other"):
        (root / "functions" / name).mkdir(parents=True)
        (root / "functions" / name / "app.py").write_text(f"def handler(event, context):\n    return '{name}'\n")
        (root / "functions" / name / "Dockerfile").write_text(DOCKERFILE + ("# Another text.\n" if name == "other" else ""))
    (root / ".git").mkdir()
    (root / "CODEOWNERS").write_text("/functions/ @shop/all\n")
    (root / "cdk.json").write_text(json.dumps({"app": "python app.py"}))
    app = cdk.App(outdir=str(root / "cdk.out"), analytics_reporting=False)
    stack = cdk.Stack(app, "Shop")
    for name in ("orders", "stock"):
        code = lambda_.DockerImageCode.from_image_asset(str(root / "functions" / name))
        lambda_.DockerImageFunction(stack, name.capitalize(), code=code, architecture=lambda_.Architecture.ARM_64)
    app.synth()
    monkeypatch.chdir(tmp_path)
    return root


def test_each_function_is_counted_once_with_its_owner(repository: Path) -> None:
    """Requirement: "right against a count by brute force"; an app that was synthesized holds its Dockerfiles a second time."""
    estate = read_estate(["shop"], today=DAY)
    assert len(estate.functions) == 4
    (found,) = estate.repositories
    # One base without a digest for each of the four.
    assert (found.rules["LIO102"], found.findings[Severity.WARNING]) == (4, 4)
    assert {owner for function in estate.functions for owner in function.owners} == {"@shop/all"}
    assert sorted(function.name for function in estate.functions if function.architecture == "arm64") == ["Shop/Orders", "Shop/Stock"]


def test_what_a_baseline_holds_of_a_file_is_known_of_its_copy(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    Path("optimizer.toml").write_text('baseline = "baseline.json"\n')
    assert CliRunner().invoke(optimizer, ["lint", ".", "--write-baseline"]).exit_code == 0
    monkeypatch.chdir(repository.parent)
    (found,) = read_estate(["shop"], today=DAY).repositories
    assert (found.findings, found.failing, found.rules) == ({}, 0, {})
    assert found.known == 8
