"""The stages of TypeScript that is built: what they read, what an edit changes, and what is said about them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from optimizer import BuildSecret, Command, ImageSpec, Lock, NodeBuild, NodeDependencies, plan, render
from optimizer.bases.catalogue import base_image
from optimizer.builders.image_files import image_files
from optimizer.model.plan import BuildPlan, OnTarget
from optimizer.model.recipes.nodejs import NodeBundles, NodeScriptOutput
from optimizer.model.steps import Step
from optimizer.planning.handler import undefined_handler
from optimizer.planning.keys import stage_keys
from optimizer.project.files import Project
from tests.toolchains.test_nodejs_plan import GOLDEN, project, write

API = NodeBuild("functions/api", entries=["src/app.ts"])
WORKER = NodeBuild("functions/worker", script="build")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return Path(shutil.copytree(GOLDEN / "nodejs-build" / "project", tmp_path / "shop"))


def planned(root: Path, *steps: Step, environment: dict[str, str] | None = None) -> BuildPlan:
    lock = Lock.parse((GOLDEN / "optimizer.lock").read_text(encoding="utf-8"))
    return plan(ImageSpec(runtime="nodejs22.x", architecture="arm64", steps=steps, environment=environment or {}), lock, root=root)


def keys(root: Path, *steps: Step) -> dict[str, str]:
    return stage_keys(planned(root, *steps), Project(root))


def bundles(made: BuildPlan) -> NodeBundles:
    (found,) = [stage.recipe for stage in made.stages if isinstance(stage.recipe, NodeBundles)]
    return found


EDITS = {
    "functions/api/src/app.ts": {"node-build-api"},
    "packages/money/src/index.ts": {"node-build-api"},
    "packages/config/strict.json": {"node-build-api"},
    "functions/worker/src/app.ts": {"node-build-worker"},
    "tsconfig.base.json": {"node-build-api", "node-build-worker"},
    "functions/api/dist/app.js": set[str](),
    "functions/api/node_modules/ms/index.js": set[str](),
    "functions/api/tsconfig.tsbuildinfo": set[str](),
    "README.md": set[str](),
    "package-lock.json": {
        "node-build-api",
        "node-build-worker",
        "node-build-api-packages",
        "node-build-worker-packages",
        "node-dependencies",
    },
}


@pytest.mark.parametrize("path", EDITS)
def test_an_edit_changes_the_keys_of_what_is_made_from_it(path: str, shop: Path) -> None:
    """Requirement: "an edit of the source leaves the dependency layers and the dev-dependency install stage untouched"."""
    steps = (API, WORKER, NodeDependencies("package-lock.json", package="@acme/worker"))
    before = keys(shop, *steps)
    edited = shop / path
    edited.parent.mkdir(parents=True, exist_ok=True)
    edited.write_text((edited.read_text(encoding="utf-8") if edited.exists() else "") + "\n", encoding="utf-8")
    after = keys(shop, *steps)
    assert {name for name in before if before[name] != after[name]} == EDITS[path]


def test_only_what_is_built_is_a_layer_and_functions_share_the_packages(shop: Path) -> None:
    made = planned(shop, API)
    assert made.layers == ("node-build-api",)
    assert [stage.name for stage in made.stages] == ["node-build-api-packages", "node-build-api"]
    assert all(stage.on_target is None for stage in made.stages)
    other = NodeBuild("functions/worker", entries=["src/app.ts"])
    assert keys(shop, API)["node-build-api-packages"] == keys(shop, other)["node-build-worker-packages"]
    native = planned(shop, NodeBuild("functions/worker", script="build", portable=False))
    assert {stage.on_target for stage in native.stages} == {OnTarget("its build is not portable")}


def test_names_and_forms_of_bundles(tmp_path: Path) -> None:
    project(tmp_path, {}, name="shop")
    write(tmp_path, **{"src/orders/index.ts": "", "src/refunds/index.ts": "", "src/common.ts": ""})
    both = bundles(
        planned(tmp_path, NodeBuild(".", entries=["src/refunds/index.ts", "src/orders/index.ts"], source_maps=True, to="/var/task/lib"))
    )
    assert both.entries == (("src/orders/index.ts", "orders/index"), ("src/refunds/index.ts", "refunds/index"))
    assert (both.format, both.target) == ("cjs", "node22")
    assert both.made_files()[:2] == ("/var/task/lib/orders/index.js", "/var/task/lib/orders/index.js.map")
    # A directory without a manifest of its own is bundled with the packages of the lock above it.
    part = planned(tmp_path, NodeBuild("src/orders", entries=["index.ts"], inputs=["src/common.ts"], format="esm"))
    assert bundles(part).made_files() == ("/var/task/index.mjs",)
    assert [(item.source, item.target) for item in bundles(part).copies] == [
        ("package.json", "/build/"),
        ("src/common.ts", "/build/src/"),
        ("src/orders", "/build/src/orders/"),
    ]


def test_settings_above_the_lock_stand_there_in_the_stage_too(tmp_path: Path) -> None:
    project(tmp_path / "functions" / "api", {}, name="api", type="module")
    write(tmp_path, **{"tsconfig.json": "{}", "functions/api/app.ts": ""})
    made = bundles(planned(tmp_path, NodeBuild("functions/api", entries=["app.ts"])))
    assert (made.workdir, made.root) == ("/build/functions/api", "/build")
    assert [(item.source, item.target) for item in made.copies] == [
        ("tsconfig.json", "/build/"),
        ("functions/api", "/build/functions/api/"),
    ]


def test_esbuild_is_the_projects_own_where_it_depends_on_it(tmp_path: Path) -> None:
    locked = {"node_modules/esbuild": {"version": "0.25.12", "dev": True}}
    write(tmp_path, **{"app.ts": ""})
    for needs, version in (({"devDependencies": {"esbuild": "0.25.12"}}, "0.25.12"), ({"devDependencies": {"tsx": "4"}}, "0.28.2")):
        project(tmp_path, locked, **needs)
        assert f" esbuild@{version}\n" in render(planned(tmp_path, NodeBuild(".", entries=["app.ts"])))


def test_credentials_are_seen_by_the_installation_alone(shop: Path) -> None:
    (shop / ".npmrc").write_text("//npm.example.com/:_authToken=${NPM_TOKEN}\n", encoding="utf-8")
    token = BuildSecret("npm", from_env="NPM_TOKEN", to_env="NPM_TOKEN")
    step = NodeBuild("functions/api", entries=["src/app.ts"], secrets=[token], registry="https://npm.example.com/")
    made = planned(shop, step)
    assert [bool(stage.recipe.secrets) for stage in made.stages] == [True, False]
    # npm installs esbuild by the settings of its user.
    assert [item.target for item in made.stages[0].recipe.reads] == ["/root/.npmrc"]
    assert render(made).count("npm_config_registry=https://npm.example.com/") == 2


def test_a_handler_that_no_bundle_defines_is_told(shop: Path) -> None:
    made = image_files(planned(shop, API), Project(shop), foreign_base=False)
    assert undefined_handler(base_image("nodejs22.x"), "app.handler", made) is None
    fault = undefined_handler(base_image("nodejs22.x"), "ap.handler", made)
    assert fault is not None
    assert fault.message == 'handler "ap.handler": no file of the image is "ap"; looked for /var/task/ap.js, .mjs and .cjs'
    assert fault.hint == 'did you mean "app.handler"?'
    made = image_files(planned(shop, WORKER), Project(shop), foreign_base=False)
    assert undefined_handler(base_image("nodejs22.x"), "index.handler", made) is None


def warned(root: Path, *steps: Step, **environment: str) -> str:
    return "\n".join(planned(root, *steps, environment=environment).warnings)


def test_what_would_fail_at_the_start_is_told(shop: Path) -> None:
    assert warned(shop, WORKER) == (
        'node-build-worker: the script "build" compiles only, which leaves ms to be imported, and no step brings packages: add NodeDependencies'
        '("package-lock.json", package="@acme/worker"), or build with entries in place of script'
    )
    assert warned(shop, WORKER, NodeDependencies("package-lock.json", package="@acme/worker")) == ""
    manifest = json.loads((shop / "functions" / "worker" / "package.json").read_text(encoding="utf-8"))
    manifest["scripts"] = {"build": "npm run bundle", "bundle": "npx esbuild src/app.ts --bundle"}
    write(shop, **{"functions/worker/package.json": manifest})
    assert warned(shop, WORKER) == ""
    outside = NodeBuild("functions/api", entries=["src/app.ts"], external=["ms", "@aws-sdk/*"])
    assert warned(shop, outside).startswith("node-build-api: external leaves ms out of the bundle, and no step brings packages")


def test_source_maps_that_nothing_reads_and_scripts_that_do_not_run_are_told(shop: Path) -> None:
    mapped = NodeBuild("functions/api", entries=["src/app.ts"], source_maps=True)
    assert 'set environment={"NODE_OPTIONS": "--enable-source-maps"}' in warned(shop, mapped)
    assert warned(shop, mapped, NODE_OPTIONS="--enable-source-maps --no-warnings") == ""
    root = json.loads((shop / "package.json").read_text(encoding="utf-8"))
    write(shop, **{"package.json": {**root, "scripts": {"prepare": "husky", "postinstall": "prisma generate"}}})
    assert warned(shop, API).startswith(
        'node-build-api: the script "postinstall" of package.json runs "prisma generate", which the installation'
    )


def test_a_script_says_what_its_modules_are(tmp_path: Path) -> None:
    project(tmp_path, {}, type="module", scripts={"build": "tsc"})
    (output,) = [stage.recipe for stage in planned(tmp_path, NodeBuild(".", script="build")).stages if stage.has_layer]
    assert isinstance(output, NodeScriptOutput)
    assert output.modules


def test_what_feeds_a_build_is_no_layer_and_its_cache_changes_no_key(shop: Path) -> None:
    api = NodeBuild("functions/api", entries=["src/app.ts"], after=["rates"])

    def rates(*cache: str, word: str = "a") -> Command:
        return Command([["sh", "rates.sh", word]], name="rates", layer=False, cache=cache)

    made = planned(shop, rates(), api)
    assert made.layers == ("node-build-api",)
    assert {stage.name: stage.trees for stage in made.stages} == {"rates": (), "node-build-api-packages": (), "node-build-api": ("rates",)}
    # The packages do not wait for what is generated, and are no more volatile for it.
    assert {stage.name: stage.stability.value for stage in made.stages} == {
        "rates": "weekly",
        "node-build-api-packages": "monthly",
        "node-build-api": "daily",
    }
    assert keys(shop, rates("/root/.cache/rates"), api) == keys(shop, rates(), api)
    assert "--mount=type=cache,target=/root/.cache/rates,sharing=locked" in render(planned(shop, rates("/root/.cache/rates"), api))
    changed, known = keys(shop, rates(word="b"), api), keys(shop, rates(), api)
    assert {name for name in known if known[name] != changed[name]} == {"rates", "node-build-api"}
    assert warned(shop, rates()) == "rates: it has no layer and no step names it in after, so it never runs"
