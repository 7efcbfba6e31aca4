"""Build secrets in the assembly: the CLI finds their files from the directory in which it builds."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from optimizer import BuildSecret, Command, ImageSpec
from optimizer.bases.catalogue import base_image
from optimizer.bases.lock import Lock, LockedImage
from optimizer.cdk import OptimizedFunction

SECRETS = (
    BuildSecret("inside", from_file="secrets/netrc"),
    BuildSecret("beside", from_file="../netrc"),
    BuildSecret("absolute", from_file="/run/ci/netrc"),
    BuildSecret("variable", from_env="NETRC"),
)


def project_at(path: Path) -> Path:
    path.mkdir(parents=True)
    image = LockedImage(reference=base_image("python3.13").reference, digest="sha256:" + "5" * 64, resolved=datetime.date(2026, 11, 1))
    (path / "optimizer.lock").write_text(Lock().with_images([image]).render(), encoding="utf-8")
    return path


def synthesized(output: Path, **fields: Any) -> tuple[str, Path, dict[str, str]]:
    """The asset's hash, the directory of its build, and the sources of its secrets."""
    app = cdk.App(outdir=str(output))
    spec = ImageSpec(runtime="python3.13", steps=[Command([["true"]], secrets=SECRETS)])
    OptimizedFunction(cdk.Stack(app, "Stack", **fields), "Api", spec=spec, handler="app.handler")
    assembly = Path(app.synth().directory)
    ((tag, image),) = json.loads((assembly / "Stack.assets.json").read_text(encoding="utf-8"))["dockerImages"].items()
    return tag, assembly / image["source"]["directory"], image["source"]["dockerBuildSecrets"]


@pytest.fixture(params=["default", "made in Python"])
def fields(request: pytest.FixtureRequest) -> Callable[[], dict[str, Any]]:
    """What a stack is made with; a synthesizer serves one stack."""
    return lambda: {} if request.param == "default" else {"synthesizer": cdk.DefaultStackSynthesizer(qualifier="team")}


def test_a_relative_file_starts_at_the_root_of_the_project(
    fields: Callable[[], dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was handed to Docker as it was, which looked for it in the directory of the asset."""
    project = project_at(tmp_path / "project")
    monkeypatch.chdir(project)
    _, directory, sources = synthesized(project / "cdk.out", **fields())
    assert sources == {
        "inside": "src=../../secrets/netrc",
        "beside": "src=../../../netrc",
        "absolute": "src=/run/ci/netrc",
        "variable": "env=NETRC",
    }
    assert (directory / sources["inside"].removeprefix("src=")).resolve() == project / "secrets" / "netrc"


def test_the_place_of_the_project_and_of_the_output_change_no_image(
    fields: Callable[[], dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = set()
    for name, output in (("one", "one/cdk.out"), ("deep/er/two", "elsewhere/out")):
        project = project_at(tmp_path / name)
        monkeypatch.chdir(project)
        tag, directory, sources = synthesized(tmp_path / output, **fields())
        tags.add(tag)
        assert (directory / sources["inside"].removeprefix("src=")).resolve() == project / "secrets" / "netrc"
    assert len(tags) == 1
