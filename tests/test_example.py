"""The example's own conventions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[1]
TEAM = """
import sys
import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
import app
from stacks.storefront import StorefrontStack

class WithOneByHand(StorefrontStack):
    def __init__(self, *arguments, **properties):
        super().__init__(*arguments, **properties)
        code = lambda_.DockerImageCode.from_image_asset(sys.argv[1])
        lambda_.DockerImageFunction(self, "ByHand", code=code, architecture=lambda_.Architecture.X86_64)

app.StorefrontStack = WithOneByHand
app.main()
"""


def synthesized(out: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={**os.environ, "CDK_OUTDIR": str(out)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


def test_the_example_holds_to_them_on_any_day(tmp_path: Path) -> None:
    result = synthesized(tmp_path / "out", "app.py")
    assert result.returncode == 0, result.stderr
    assert json.loads((tmp_path / "out" / "validation-report.json").read_text())["pluginReports"] == []
    lint = [sys.executable, "-m", "optimizer", "lint", str(tmp_path / "out"), "--config", "optimizer.toml"]
    checked = subprocess.run(lint, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert checked.returncode == 0, checked.stdout
    show = [sys.executable, "-m", "optimizer", "plan", str(tmp_path / "out"), "--format", "json"]
    shown = subprocess.run(show, cwd=ROOT, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    stages = {row["path"]: row["stages"] for row in json.loads(shown.stdout)["functions"]}
    # Layers stand in their order, whether they have stages of their own or are archives.
    assert stages["Storefront/Orders"] == ["packages", "common", "code"]
    assert stages["Storefront/Recommend"] == ["packages", "model", "code"]
    # Of numpy the lock has the size; the archives of code are beside the Dockerfiles.
    budgets = tmp_path / "budgets.toml"
    budgets.write_text(
        "[conventions]\noldest_pin_days = 0\n[[conventions.budgets]]\nconstruct = 'Storefront/Recommend'\nmax_bytes = 10_000_000\n"
        "[[conventions.budgets]]\nconstruct = 'Operations/Audit'\nmax_unpacked_bytes = 1000\n"
    )
    judged = subprocess.run(
        [*lint[:-1], str(budgets), "--format", "json"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    found = {(item["rule"], item["construct"]): item["message"] for item in json.loads(judged.stdout)["findings"]}
    assert set(found) == {("LIO672", "Operations/Audit"), ("LIO672", "Storefront/Recommend")}
    assert "the largest: packages 15,713,899" in found["LIO672", "Storefront/Recommend"]


def test_a_function_that_somebody_adds_by_hand_is_held_to_them_too(tmp_path: Path) -> None:
    (tmp_path / "hand").mkdir()
    (tmp_path / "hand" / "Dockerfile").write_text("FROM public.ecr.aws/lambda/python:3.13\nUSER 1000\n")
    result = synthesized(tmp_path / "out", "-c", TEAM, str(tmp_path / "hand"))
    assert result.returncode != 0
    report = json.loads((tmp_path / "out" / "validation-report.json").read_text())
    found = {
        (item["ruleName"], where["constructPath"])
        for item in report["pluginReports"][0]["violations"]
        for where in item["violatingConstructs"]
    }
    assert {("LIO102", "Storefront/ByHand"), ("LIO602", "Storefront/ByHand")} <= found
