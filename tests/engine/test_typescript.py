"""TypeScript for real: bundles and scripts, workspaces, the lock of each manager, and what an edit changes."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from optimizer import Command, NodeBuild
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.credentials import DefaultCredentials
from optimizer.model.steps import Step
from optimizer.publishing.assembling import assembled
from tests.engine.cdk_app import CdkApp
from tests.engine.planned import planned_image
from tests.engine.services import invoke
from tests.patience import PATIENCE_S

PROJECTS = Path(__file__).parent / "projects"
MAPS = {"NODE_OPTIONS": "--enable-source-maps"}
API = NodeBuild("functions/api", entries=["src/app.ts"], source_maps=True)


def build(registry: str, root: Path, *steps: Step, cold: bool = False) -> tuple[str, Mapping[str, str]]:
    """The id of the image, as an engine builds it, and its layers by the stages that made them."""
    image = planned_image(registry, root, *steps)
    fresh = ["--no-cache"] if cold else []
    argv = ["docker", "build", "--quiet", "--network", "host", "--platform", image.plan.platform, *fresh, str(image.directory)]
    result = subprocess.run(argv, capture_output=True, text=True, timeout=600, check=False)
    assert result.returncode == 0, result.stderr
    name = result.stdout.strip()
    return name, dict(zip(image.plan.layers, layers_of(name)[-len(image.plan.layers) :], strict=True))


def layers_of(image: str) -> list[str]:
    """The layers of an image of the engine."""
    argv = ["docker", "image", "inspect", "--format", '{{join .RootFS.Layers " "}}', image]
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout.split()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PROJECTS / "typescript", tmp_path / "shop"))


def test_a_bundle_of_a_workspace_answers_and_names_its_sources(registry: str, shop: Path) -> None:
    # CommonJS in an ES module: what it requires at run time is there.
    source = shop / "functions" / "api" / "src"
    (source / "day.cjs").write_text(
        'exports.day = () => require(["node", "util"].join(":")).inspect("1 day").slice(1, -1);\n', encoding="utf-8"
    )
    app = source / "app.ts"
    text = app.read_text(encoding="utf-8").replace('ms("1 day")', "ms(day())")
    app.write_text(f'import {{ day }} from "./day.cjs";\n{text}', encoding="utf-8")
    image, layers = build(registry, shop, API)
    assert list(layers) == ["node-build-api"]
    assert invoke(image, "app.handler", {"prices": [1250, 199]}, MAPS) == {"total": "EUR 14.49", "day": 86400000}
    with pytest.raises(RuntimeError, match=r"functions/api/src/app\.ts:11:"):
        invoke(image, "app.handler", {"prices": [], "fail": True}, MAPS)
    again = Path(shutil.copytree(shop, shop.parent / "elsewhere"))
    assert build(registry, again, API, cold=True)[1] == layers
    # Publishing asks an engine for the stage alone, and has the same layer.
    wanted = planned_image(registry, again, API)
    with HttpRegistry(DefaultCredentials()) as client, assembled(wanted, "typescript:1", client) as found:
        assert json.loads(found.image.documents.config)["rootfs"]["diff_ids"] == layers_of(image)


APP = """
import aws_cdk as cdk
from optimizer import ImageSpec, NodeBuild, NodeDependencies
from optimizer.cdk import OptimizedFunction, SharedAssetRepository, SharedRepositorySynthesizer

app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="typescript"))
SharedAssetRepository(cdk.Stack(app, "TypeScriptRepository"), "Images", repository_name="typescript")
stack = cdk.Stack(app, "TypeScript")
for name, steps in {
    "api": [NodeBuild("functions/api", entries=["src/app.ts"])],
    "worker": [NodeBuild("functions/worker", script="build"), NodeDependencies("package-lock.json", package="@acme/worker")],
}.items():
    OptimizedFunction(stack, name, spec=ImageSpec(runtime="nodejs22.x", steps=steps), handler="app.handler")
app.synth()
"""


def test_functions_are_deployed_and_an_edit_pushes_its_own_bundle_alone(registry: str, control_plane: dict[str, str], shop: Path) -> None:
    """Requirement: "A TypeScript function with a workspace package deployed and invoked in the engine tests; an edit of its source
    pushes its own bundle alone"."""
    app = CdkApp.write(shop, APP, registry, control_plane)
    app.prepare("nodejs22.x")
    result = app.deploy()
    assert result.returncode == 0, result.stdout + result.stderr
    images = app.pushed()
    # In the order of deployment, which nothing decides.
    api, worker = sorted(images, key=lambda image: len(layers_of(image)))
    assert invoke(api, "app.handler", {"prices": [1250, 199]}) == {"total": "EUR 14.49", "day": 86400000}
    # The script leaves its package to another layer.
    assert len(layers_of(worker)) == len(layers_of(api)) + 1
    assert invoke(worker, "app.handler", {"text": "2 days"}) == 172800000

    source = shop / "functions" / "api" / "src" / "app.ts"
    source.write_text(source.read_text(encoding="utf-8").replace('"1 day"', '"2 days"'), encoding="utf-8")
    # The CloudFormation of the control plane cannot update a function of an image; its Lambda can.
    result = app.deploy("--hotswap")
    assert result.returncode == 0, result.stdout + result.stderr
    (changed,) = app.pushed()[len(images) :]
    differing = [(one, other) for one, other in zip(layers_of(api), layers_of(changed), strict=True) if one != other]
    assert len(differing) == 1
    assert invoke(changed, "app.handler", {"prices": [1250, 199]}) == {"total": "EUR 14.49", "day": 172800000}


GENERATE = (
    'mkdir -p /root/.cache/rates /layer/tree/build/functions/api/src && echo "export const rate = 2;" > /root/.cache/rates/rates.ts && '
    "cp /root/.cache/rates/rates.ts /layer/tree/build/functions/api/src/rates.ts"
)


def test_code_that_a_command_generates_is_built_and_stays_out_of_the_image(registry: str, shop: Path) -> None:
    app = shop / "functions" / "api" / "src" / "app.ts"
    text = app.read_text(encoding="utf-8")
    app.write_text(f'import {{ rate }} from "./rates.js";\n{text.replace("total(order.prices)", "total([rate])")}', encoding="utf-8")
    generate = Command([["sh", "-c", GENERATE]], name="rates", cache=["/root/.cache/rates"], layer=False)
    api = NodeBuild("functions/api", entries=["src/app.ts"], after=["rates"])
    image, layers = build(registry, shop, generate, api)
    assert list(layers) == ["node-build-api"]
    assert invoke(image, "app.handler", {"prices": []}) == {"total": "EUR 0.02", "day": 86400000}


@pytest.mark.parametrize("lock", ["pnpm-lock.yaml", "yarn.lock", "classic/yarn.lock"])
def test_every_manager_installs_for_development_and_runs_the_script(lock: str, registry: str, tmp_path: Path) -> None:
    project, root = PROJECTS / "typescript-managers", tmp_path / "parser"
    shutil.copytree(project / "src", root / "src")
    for path in (project / "package.json", project / lock):
        shutil.copy(path, root)
    image, layers = build(registry, root, NodeBuild(".", script="build"))
    assert list(layers) == ["node-build"]
    assert invoke(image, "app.handler", {"text": "2 days"}) == 6
