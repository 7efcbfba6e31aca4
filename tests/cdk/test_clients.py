"""What a synthesis says of the client that ``CDK_DOCKER`` names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Annotations, Match

from optimizer import ImageSpec, SourceCode
from optimizer.bases.catalogue import base_image
from optimizer.bases.lock import Lock, LockedImage
from optimizer.cdk import OptimizedFunction
from optimizer.errors import ConfigurationError, Fault

DAY = __import__("datetime").date(2026, 11, 1)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context):\n    return None\n")
    image = LockedImage(reference=base_image("python3.13").reference, digest="sha256:" + "5" * 64, resolved=DAY)
    (tmp_path / "optimizer.lock").write_text(Lock().with_images([image]).render())
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BUILDAH_LAYERS", raising=False)
    monkeypatch.delenv("OPTIMIZER_DOCKER", raising=False)
    return tmp_path


def stack(**context: Any) -> cdk.Stack:
    app = cdk.App(context={name.replace("_", ":"): value for name, value in context.items()})
    made = cdk.Stack(app, "Stack")
    OptimizedFunction(made, "Api", spec=ImageSpec(runtime="python3.13", steps=[SourceCode("code")]), handler="app.handler")
    return made


def synthesized(**context: Any) -> dict[str, Any]:
    app = stack(**context).node.root
    assert isinstance(app, cdk.App)
    directory = Path(app.synth().directory)
    return dict(json.loads((directory / "Stack.assets.json").read_text())["dockerImages"])


def test_the_asset_is_the_same_for_every_client(monkeypatch: pytest.MonkeyPatch) -> None:
    assets = []
    monkeypatch.setenv("BUILDAH_LAYERS", "true")
    for name in ("docker", "podman", "buildah", "nerdctl", "finch", "optimizer-docker"):
        monkeypatch.setenv("CDK_DOCKER", name)
        assets.append(list(synthesized()))
    assert len(assets[0]) == 1
    assert all(item == assets[0] for item in assets)


def test_fails_where_buildah_makes_one_layer_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDK_DOCKER", "/usr/bin/buildah")
    with pytest.raises(ConfigurationError) as caught:
        synthesized()
    (fault,) = caught.value.faults
    assert fault.message == (
        '"/usr/bin/buildah" makes one layer of all that is above the base: functions share none of it, and each deployment pushes all of it'
    )
    assert fault.hint == "set the variable BUILDAH_LAYERS=true"


def test_fails_where_the_cache_is_one_of_buildkit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDK_DOCKER", "buildah")
    with pytest.raises(ConfigurationError) as caught:
        synthesized(optimizer_cache="github-actions")
    assert [(fault.place.rpartition(" ")[2], fault.hint[:30]) for fault in caught.value.faults] == [
        ("CDK_DOCKER", "set the variable BUILDAH_LAYER"),
        ("optimizer:cache", "leave optimizer:cache out: bui"),
    ]


def test_says_it_at_the_function_under_the_cli(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDK_CLI_VERSION", "2.1148.1")
    monkeypatch.setenv("CDK_OUTDIR", "cdk.out")
    monkeypatch.setenv("CDK_DOCKER", "podman")
    errors = [
        str(item.entry.data) for item in Annotations.from_stack(stack(optimizer_cache="github-actions")).find_error("*", Match.any_value())
    ]
    assert errors == [
        'optimizer:cache: the cache is one of BuildKit, and CDK_DOCKER names "podman", which refuses it\n  hint: leave optimizer:cache out: '
        "podman keeps the layers that it made; or name a client of BuildKit, such as docker"
    ]


def test_the_page_shows_the_error_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDK_DOCKER", "buildah")
    with pytest.raises(ConfigurationError) as caught:
        synthesized()
    page = (Path(__file__).parents[2] / "docs" / "clients.md").read_text(encoding="utf-8")
    (fault,) = caught.value.faults
    shown = str(Fault(fault.message, fault.place.rpartition(" ")[2], fault.hint)).replace("\n", "\n    ")
    assert f"    error: {shown}\n" in page
