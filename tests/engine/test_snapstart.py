"""SnapStart in images: what a promise puts into them by either way to an image, and the restore protocol in a container of one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import Any

import pytest

from tests.engine.cdk_app import ROOT, CdkApp
from tests.engine.example import inspected
from tests.engine.services import invoke, invoke_restored
from tests.patience import PATIENCE_S

LABEL = "com.amazonaws.lambda.feature.snapstart"
HOOKS_LABEL = "lambda-image-optimizer.snapstart"
APP = """
import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from optimizer import ImageSpec, SourceCode
from optimizer.cdk import OptimizedFunction, SharedAssetRepository, SharedRepositorySynthesizer

app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="snapshots"))
SharedAssetRepository(cdk.Stack(app, "SnapshotsRepository"), "Images", repository_name="snapshots")
stack = cdk.Stack(app, "Snapshots")
for name, promise, runtime in (("Hooks", "hooks", "nodejs22.x"), ("NoHooks", "no-hooks", "nodejs22.x"), ("Ready", "no-hooks", "python3.13")):
    spec = ImageSpec(runtime=runtime, snapstart=promise, steps=[SourceCode(name.lower(), name="code")])
    snap_start = lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS
    OptimizedFunction(stack, name, spec=spec, handler="index.handler", snap_start=snap_start).add_alias("live")
app.synth()
"""
CODE = """
import { afterRestore, restored } from "./snapstart.mjs";

let state = "initialized";
afterRestore(() => {
  state = "restored";
});
export const handler = async () => state;
await restored();
"""


@pytest.fixture(scope="module")
def app(registry: str, control_plane: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> CdkApp:
    made = CdkApp.write(tmp_path_factory.mktemp("snapstart") / "snapshots", APP, registry, control_plane)
    for name, file, text in (
        ("hooks", "index.mjs", CODE),
        ("nohooks", "index.mjs", "export const handler = async () => 1;\n"),
        ("ready", "index.py", "def handler(event, context): ...\n"),
    ):
        (made.project / name).mkdir()
        (made.project / name / file).write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "functions" / "receipts" / "snapstart.mjs", made.project / "hooks")
    made.prepare("nodejs22.x", "python3.13")
    result = made.deploy()
    assert result.returncode == 0, result.stdout + result.stderr
    return made


def images(app: CdkApp) -> dict[str, str]:
    """The deployed images by function."""
    assets = json.loads((app.project / "cdk.out" / "Snapshots.assets.json").read_text(encoding="utf-8"))["dockerImages"]
    return {assets[image.rpartition(":")[2]]["displayName"].rpartition("/")[2]: image for image in app.pushed()}


def labels(image: str) -> dict[str, Any]:
    """The labels of an image about SnapStart."""
    subprocess.run(["docker", "pull", "--quiet", image], capture_output=True, check=True, timeout=PATIENCE_S)
    found = inspected(image)[1]["Labels"] or {}
    return {name: value for name, value in found.items() if name in (LABEL, HOOKS_LABEL)}


EXPECTED = {"Hooks": {HOOKS_LABEL: "hooks"}, "NoHooks": {LABEL: "Allow"}, "Ready": {}}


def test_the_promise_is_in_the_images_of_an_engine(app: CdkApp) -> None:
    """Requirement: "the image gets the label where its base needs it"; AWS's Python gets nothing."""
    assert {name: labels(image) for name, image in images(app).items()} == EXPECTED


def test_it_is_in_images_that_are_assembled_too(app: CdkApp) -> None:
    """Requirement: both back ends, with equality of what they give."""
    repository = f"{app.registry}/snapshots-assembled"
    result = app.run([sys.executable, "-m", "optimizer", "publish", "cdk.out", "--repository", repository, "--format", "json"])
    assert result.returncode == 0, result.stderr
    assembled = {image["name"].rpartition("/")[2]: image["reference"] for image in json.loads(result.stdout)["images"]}
    assert {name: labels(image) for name, image in assembled.items()} == EXPECTED
    for name, image in images(app).items():
        assert inspected(assembled[name]) == inspected(image), name


def test_versions_and_aliases_are_deployed(app: CdkApp) -> None:
    template = json.loads((app.project / "cdk.out" / "Snapshots.template.json").read_text(encoding="utf-8"))["Resources"].values()
    kinds = [resource["Type"] for resource in template]
    assert (kinds.count("AWS::Lambda::Version"), kinds.count("AWS::Lambda::Alias")) == (3, 3)
    functions = [resource["Properties"] for resource in template if resource["Type"] == "AWS::Lambda::Function"]
    assert [properties["SnapStart"] for properties in functions] == [{"ApplyOn": "PublishedVersions"}] * 3


def test_the_code_in_the_image_speaks_the_restore_protocol(app: CdkApp) -> None:
    """Requirement: "its hook protocol exercised against a small server that speaks the Runtime API's restore calls"."""
    answer, calls = invoke_restored(images(app)["Hooks"], "index.handler", {})
    assert answer == "restored"
    assert calls[:2] == ["GET restore/next", "GET invocation/next"]
    assert invoke(images(app)["Hooks"], "index.handler", {}) == "initialized"


def test_code_without_hooks_waits_for_no_restore(app: CdkApp) -> None:
    """Such an image is what the label is for."""
    with pytest.raises(RuntimeError, match=r"does not wait for a restore, it called \['GET invocation/next'\]"):
        invoke_restored(images(app)["NoHooks"], "index.handler", {})
