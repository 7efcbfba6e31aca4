"""Monorepos of two functions and two shared packages, as workspaces of uv, npm and pnpm, by a real ``cdk deploy``."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.engine.cdk_app import CdkApp
from tests.engine.services import invoke
from tests.engine.test_node_workspaces import FUNCTIONS, PROJECTS
from tests.engine.test_python_locks import workspace
from tests.patience import PATIENCE_S

APP = """
import aws_cdk as cdk
from optimizer import ImageSpec, NodeDependencies, PythonDependencies, SourceCode
from optimizer.cdk import OptimizedFunction, SharedAssetRepository, SharedRepositorySynthesizer

app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="monorepo"))
SharedAssetRepository(cdk.Stack(app, "MonorepoRepository"), "Images", repository_name="monorepo")
stack = cdk.Stack(app, "Monorepo")
for name in ("orders", "receipts"):
    steps = [PythonDependencies("uv/uv.lock", package=name), SourceCode(f"uv/functions/{name}", exclude=["pyproject.toml"])]
    OptimizedFunction(stack, f"uv-{name}", spec=ImageSpec(runtime="python3.13", steps=steps), handler="app.handler")
for tool, lock in (("npm", "package-lock.json"), ("pnpm", "pnpm-lock.yaml")):
    for name in ("api", "worker"):
        steps = [
            NodeDependencies(f"{tool}/{lock}", package=f"@acme/{name}", ignore_root_scripts=["postinstall"] if name == "api" else []),
            SourceCode(f"{tool}/packages/{name}", to=f"/var/task/packages/{name}/"),
        ]
        handler = f"packages/{name}/index.handler"
        OptimizedFunction(stack, f"{tool}-{name}", spec=ImageSpec(runtime="nodejs22.x", steps=steps), handler=handler)
app.synth()
"""
HANDLER = """
import clock
import money


def handler(event, context):
    return ["{name}", money.WHO, clock.WHO]
"""


def handlers() -> dict[str, str]:
    """The handler of each function by its name in the repository."""
    python = {f"uv-{name}": "app.handler" for name in ("orders", "receipts")}
    return python | {f"{tool}-{name}": FUNCTIONS[name][0] for tool in ("npm", "pnpm") for name in FUNCTIONS}


def answers(images: dict[str, str]) -> dict[str, object]:
    return {name: invoke(images[name], handler, {"name": "Ada"}) for name, handler in handlers().items()}


def by_function(app: CdkApp, images: list[str]) -> dict[str, str]:
    """The images by function; the asset of each is named by its tag, and says which function it is of."""
    assets = json.loads((app.project / "cdk.out" / "Monorepo.assets.json").read_text(encoding="utf-8"))["dockerImages"]
    return {assets[image.rpartition(":")[2]]["displayName"].rpartition("/")[2]: image for image in images}


def layers(image: str) -> list[str]:
    argv = ["docker", "image", "inspect", "--format", '{{join .RootFS.Layers " "}}', image]
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout.split()


@pytest.fixture
def app(registry: str, control_plane: dict[str, str], tmp_path: Path) -> CdkApp:
    made = CdkApp.write(tmp_path / "monorepo", APP, registry, control_plane)
    workspace(made.project / "uv")
    for name in ("orders", "receipts"):
        (made.project / "uv" / "functions" / name / "app.py").write_text(HANDLER.replace("{name}", name), encoding="utf-8")
    for tool in ("npm", "pnpm"):
        shutil.copytree(PROJECTS / "node-workspaces", made.project / tool)
    made.prepare("python3.13", "nodejs22.x")
    return made


def test_two_functions_of_each_workspace_are_deployed_and_an_edit_changes_one_layer(app: CdkApp) -> None:
    """Requirement: "a TypeScript or Python monorepo of two functions and two shared packages, in each of uv, npm and pnpm
    workspaces: deployed and invoked; an edit of one shared package changes that layer alone"."""
    result = app.deploy()
    assert result.returncode == 0, result.stdout + result.stderr
    first = by_function(app, app.pushed())
    assert set(first) == set(handlers())
    expected: dict[str, object] = {f"uv-{name}": [name, "money", "clock"] for name in ("orders", "receipts")}
    expected |= {f"{tool}-{name}": answer for tool in ("npm", "pnpm") for name, (_, answer) in FUNCTIONS.items()}
    assert answers(first) == expected

    (app.project / "uv" / "libs" / "money" / "src" / "money" / "__init__.py").write_text('WHO = "coins"\n', encoding="utf-8")
    for tool in ("npm", "pnpm"):
        text = app.project / tool / "packages" / "text" / "index.js"
        text.write_text(text.read_text(encoding="utf-8").replace("Hello", "Good morning"), encoding="utf-8")
    # The CloudFormation of the control plane cannot update a function of an image; its Lambda can.
    result = app.deploy("--hotswap")
    assert result.returncode == 0, result.stdout + result.stderr
    second = by_function(app, app.pushed()[len(first) :])
    assert set(second) == set(handlers())
    for name in handlers():
        before, after = layers(first[name]), layers(second[name])
        assert len(before) == len(after)
        assert sum(one != other for one, other in zip(before, after, strict=True)) == 1, name
    changed = answers(second)
    assert changed["uv-orders"] == ["orders", "coins", "clock"]
    assert changed["npm-api"] == {**FUNCTIONS["api"][1], "greeting": "Good morning Ada"}
