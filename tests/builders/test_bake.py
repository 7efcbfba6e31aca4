"""Bake files: which stages become one target, and what each target says."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optimizer import (
    BuildSecret,
    Command,
    ImageSpec,
    Lock,
    NodeBuild,
    NodeDependencies,
    PythonDependencies,
    SourceCode,
    SystemPackages,
    render,
)
from optimizer.builders.docker.bake import BakeImage, bake_file
from optimizer.dockerfile.parse import parse
from optimizer.model.build import BuildOptions
from optimizer.model.cache import CacheOption
from optimizer.model.packing import Packing
from optimizer.model.steps import Step
from optimizer.planning.document import KeptPlan, text_digest
from optimizer.planning.keys import stage_keys
from optimizer.planning.plan import plan
from optimizer.project.files import Project
from tests.test_golden import GOLDEN

LOCK = Lock.parse((GOLDEN / "optimizer.lock").read_text(encoding="utf-8"))
PACKAGES = PythonDependencies("r.txt", name="packages")
NO_ATTESTATIONS = ["type=provenance,disabled=true", "type=sbom,disabled=true"]


class Fleet:
    """Images of one project; each has the packages, and code of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.write("r.txt", "six==1.17.0\n")

    def write(self, path: str, text: str) -> Path:
        file = self.directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def image(
        self,
        name: str,
        *steps: Step,
        architecture: str = "x86_64",
        packing: Packing = Packing(),
        runtime: str = "python3.13",
        **options: Any,
    ) -> BakeImage:
        self.write(f"{name}/app.py", f"NAME = {name!r}\n")
        code = SourceCode(name, name="code")
        spec = ImageSpec(runtime=runtime, architecture=architecture, steps=[*(steps or (PACKAGES,)), code])
        project = Project(self.directory)
        made = plan(spec, replace(LOCK, packing=packing), project)
        return BakeImage(
            name=name,
            asset=hashlib.sha256(name.encode()).hexdigest(),
            context=f"cdk.out/asset.{name}",
            tags=(f"host/images:{name.lower()}",),
            options=BuildOptions(**{"platform": made.platform, **options}),
            planned=KeptPlan(plan=made, keys=stage_keys(made, project), dockerfile=text_digest(render(made))),
        )


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(tmp_path)


def foreign(name: str, **options: Any) -> BakeImage:
    return BakeImage(name=name, asset="f" * 64, context="cdk.out/asset.f", tags=("host/images:f",), options=BuildOptions(**options))


def targets(*images: BakeImage) -> dict[str, Any]:
    return dict(json.loads(bake_file(images).text)["target"])


def shared(*images: BakeImage) -> list[str]:
    return [name for name, target in targets(*images).items() if "tags" not in target]


def dockerfile(target: dict[str, Any]) -> list[str]:
    """The instructions of a target's own Dockerfile but for its arguments, on one line each."""
    found = parse(target["dockerfile-inline"]).instructions
    return [f"{item.keyword} {item.value}" for item in found if item.keyword != "ARG"]


def test_a_stage_of_two_images_is_one_target_that_both_take(fleet: Fleet) -> None:
    made = targets(fleet.image("A"), fleet.image("B"))
    (name,) = (name for name, target in made.items() if "tags" not in target)
    assert re.fullmatch(r"packages-[0-9a-f]{12}", name)
    inline = made[name].pop("dockerfile-inline")
    assert made[name] == {"context": "cdk.out/asset.A", "attest": NO_ATTESTATIONS, "platforms": ["linux/amd64"]}
    assert [stage.name for stage in parse(inline).stages] == ["build-base", "packages"]
    final = dockerfile(made["B"])[-3:]
    assert final == [final[0], "COPY --link --from=packages /layer/tree/ /", "COPY --link --from=code /layer/tree/ /"]
    del made["B"]["dockerfile-inline"]
    assert made["B"] == {
        "context": "cdk.out/asset.B",
        "attest": NO_ATTESTATIONS,
        "platforms": ["linux/amd64"],
        "contexts": {"packages": f"target:{name}"},
        "tags": ["host/images:b"],
    }


def test_a_stage_of_one_image_stays_in_it(fleet: Fleet) -> None:
    made = targets(fleet.image("A"))
    assert list(made) == ["A"]
    assert "AS packages" in made["A"]["dockerfile-inline"] and "contexts" not in made["A"]


def changed_content(fleet: Fleet) -> BakeImage:
    fleet.write("r.txt", "six==1.16.0\n")
    return fleet.image("B")


def changed_mode(fleet: Fleet) -> BakeImage:
    fleet.write("r.txt", "six==1.17.0\n").chmod(0o755)
    return fleet.image("B")


@pytest.mark.parametrize(
    "other",
    [
        changed_content,
        changed_mode,
        lambda fleet: fleet.image("B", architecture="arm64"),
        lambda fleet: fleet.image("B", network="host"),
        lambda fleet: fleet.image("B", PythonDependencies("r.txt", name="packages", slim=["tests"])),
        lambda fleet: fleet.image(
            "B", SystemPackages(["libpq"], name="system"), PythonDependencies("r.txt", name="packages", after=["system"])
        ),
    ],
    ids=["content", "mode", "platform", "network", "instruction", "origin"],
)
def test_stages_that_may_differ_stay_apart(other: Any, fleet: Fleet) -> None:
    first = fleet.image("A")
    assert shared(first, other(fleet)) == []


def test_what_a_stage_does_not_read_or_use_is_no_difference(fleet: Fleet) -> None:
    assert len(shared(fleet.image("A"), fleet.image("B", PACKAGES, Command([["true"]], name="extra")))) == 1


def test_the_name_of_a_step_and_the_path_of_its_lock_are_no_difference(fleet: Fleet) -> None:
    fleet.write("other/r.txt", "six==1.17.0\n")
    images = (fleet.image("A"), fleet.image("B", PythonDependencies("other/r.txt", name="wheels")))
    made = targets(*images)
    (name,) = shared(*images)
    assert made["A"]["contexts"] == {"packages": f"target:{name}"}
    assert made["B"]["contexts"] == {"wheels": f"target:{name}"}


def test_a_secret_from_elsewhere_is_a_difference(fleet: Fleet) -> None:
    steps = [PythonDependencies("r.txt", name="packages", secrets=[BuildSecret("pypi", from_env="ONE", to_env="UV_DEFAULT_INDEX")])]
    one, two = (fleet.image(name, *steps, secrets={"pypi": source}) for name, source in (("A", "env=ONE"), ("B", "env=TWO")))
    assert shared(one, two) == []
    made = targets(one, fleet.image("B", *steps, secrets={"pypi": "env=ONE"}))
    (name,) = (name for name in made if name.startswith("packages-"))
    assert made[name]["secret"] == ["id=pypi,env=ONE"]
    assert "secret" not in made["A"], "a stage gets the secrets that it mounts"


def test_what_a_shared_stage_needs_is_a_target_too(fleet: Fleet) -> None:
    steps = (SystemPackages(["libpq"], name="tools"), PythonDependencies("r.txt", name="packages", after=["tools"]))
    made = targets(fleet.image("A", *steps), fleet.image("B", *steps))
    tools, packages = (next(name for name in made if name.startswith(prefix)) for prefix in ("tools-", "packages-"))
    assert made[packages]["contexts"] == {"tools": f"target:{tools}"}
    assert made["A"]["contexts"] == {"packages": f"target:{packages}", "tools": f"target:{tools}"}
    assert list(made).index(tools) < list(made).index(packages)


def test_a_tree_that_a_command_finds_is_needed(fleet: Fleet) -> None:
    steps = (PACKAGES, Command([["true"]], name="made", after=["packages"]))
    made = targets(fleet.image("A", *steps), fleet.image("B", *steps))
    packages, command = (next(name for name in made if name.startswith(prefix)) for prefix in ("packages-", "made-"))
    assert made[command]["contexts"] == {"packages": f"target:{packages}"}


def test_the_order_of_the_images_changes_nothing(fleet: Fleet) -> None:
    images = [fleet.image("A"), fleet.image("B"), fleet.image("C", Command([["true"]])), foreign("D")]
    assert bake_file(images) == bake_file(images[::-1])


def test_packages_that_only_builds_start_from_are_no_target(fleet: Fleet) -> None:
    """They are for the machine that builds, whatever the image is for; a target has the platform of its image."""
    shop = Path(shutil.copytree(GOLDEN / "nodejs-build" / "project", fleet.directory / "shop"))

    def image(name: str) -> BakeImage:
        spec = ImageSpec(runtime="nodejs22.x", architecture="arm64", steps=[NodeBuild(f"functions/{name}", entries=["src/app.ts"])])
        made = plan(spec, LOCK, Project(shop))
        kept = KeptPlan(plan=made, keys=stage_keys(made, Project(shop)), dockerfile=text_digest(render(made)))
        return BakeImage(name=name, asset=name * 8, context=name, tags=(), options=BuildOptions(platform="linux/arm64"), planned=kept)

    file = bake_file([image("api"), image("worker")])
    assert (file.images, file.shared) == (2, 0)
    for name, target in json.loads(file.text)["target"].items():
        assert f"FROM node-build-{name}-packages AS node-build-{name}\n" in target["dockerfile-inline"]
    # What both make is a target, with the packages in it.
    twice = bake_file([image("api"), replace(image("api"), name="other", asset="other")])
    (shared,) = set(json.loads(twice.text)["target"]) - {"api", "other"}
    assert "AS node-build-api-packages" in json.loads(twice.text)["target"][shared]["dockerfile-inline"]


def test_no_image_is_an_empty_file() -> None:
    """Bake refuses a file without a target."""
    assert bake_file([]).text == ""


def test_the_default_group_is_the_images(fleet: Fleet) -> None:
    file = bake_file([fleet.image("A"), fleet.image("B"), foreign("C")])
    assert json.loads(file.text)["group"] == {"default": {"targets": ["A", "B", "C"]}}
    assert (file.images, file.shared) == (3, 1)


def test_a_foreign_dockerfile_is_built_as_cdk_builds_it() -> None:
    made = targets(
        foreign(
            "Own",
            platform="linux/arm64",
            target="runtime",
            network="host",
            ssh="default",
            no_cache=True,
            arguments={"B": "2", "A": "1"},
            contexts={"lib": "cdk.out/lib"},
            secrets={"npm": "src=/root/.npmrc", "pip": "env=PIP"},
            cache_from=(CacheOption("gha", (("scope", "own"),)),),
            cache_to=CacheOption("gha", (("scope", "own"), ("mode", "max"))),
        )
    )
    assert made["Own"] == {
        "context": "cdk.out/asset.f",
        "attest": NO_ATTESTATIONS,
        "platforms": ["linux/arm64"],
        "network": "host",
        "secret": ["id=npm,src=/root/.npmrc", "id=pip,env=PIP"],
        "dockerfile": "Dockerfile",
        "args": {"A": "1", "B": "2"},
        "contexts": {"lib": "cdk.out/lib"},
        "target": "runtime",
        "ssh": ["default"],
        "no-cache": True,
        "tags": ["host/images:f"],
        "cache-from": ["type=gha,scope=own"],
        "cache-to": ["type=gha,scope=own,mode=max"],
    }


def test_a_shared_stage_looks_into_the_caches_of_all_its_images_and_writes_none(fleet: Fleet) -> None:
    def cached(name: str) -> BakeImage:
        option = CacheOption("gha", (("scope", name),))
        return fleet.image(name, cache_from=(option,), cache_to=option)

    made = targets(cached("A"), cached("B"))
    (name,) = (name for name in made if name.startswith("packages-"))
    assert made[name]["cache-from"] == ["type=gha,scope=A", "type=gha,scope=B"]
    assert "cache-to" not in made[name]
    assert made["A"]["cache-from"] == ["type=gha,scope=A"]


def test_names_are_of_allowed_characters_and_unique(fleet: Fleet) -> None:
    images = [fleet.image(name) for name in ("Stack/A.b", "Stack-A-b", "default", "Prod/Ümläut")]
    names = [name for name in targets(*images) if not name.startswith("packages-")]
    assert len(names) == len(set(names)) == 4
    assert "default" not in names
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", name) for name in names)


def test_text_is_never_a_template(fleet: Fleet) -> None:
    """Bake reads ``${`` and ``%{`` as templates in every text of a JSON file."""
    made = targets(fleet.image("A", Command([["sh", "-c", "echo ${HOME} $HOME %{x}"]], name="made")))
    assert "'echo $${HOME} $HOME %%{x}'" in made["A"]["dockerfile-inline"]


def test_equal_parts_of_two_locks_are_one_target(fleet: Fleet) -> None:
    """Each image still has the check of its own parts, which are not the other's."""
    hashes = {name: f" --hash=sha256:{number:064x}\n" for number, name in enumerate(("six", "idna", "attrs"))}
    fleet.write("one.txt", "".join(f"{name}==1.0{digest}" for name, digest in hashes.items()))
    fleet.write("two.txt", "".join(f"{name}==1.0{hashes[name]}" for name in ("six", "attrs")))
    steps = [PythonDependencies(f"{name}.txt", name="packages") for name in ("one", "two")]
    packing = Packing(groups={"python": (("six",), ("idna",))})
    images = [fleet.image(name, step, packing=packing) for name, step in zip(("One", "Two"), steps, strict=True)]
    found = targets(*images)
    assert {name.rpartition("-")[0] for name in found} - {""} == {"packages", "packages-six"}
    one, two = found["One"], found["Two"]
    assert {*one["contexts"]} == {*two["contexts"]} == {"packages", "packages-six"}
    assert "AS packages-idna\n" in one["dockerfile-inline"]
    assert "--mount=type=bind,from=packages-idna,source=/layer/tree" in one["dockerfile-inline"]
    for target in (one, two):
        assert "FROM packages AS packages--checked\n" in target["dockerfile-inline"]
        assert "COPY --link --from=packages--checked /layer/tree/ /\n" in target["dockerfile-inline"]


def test_parts_of_one_tree_and_its_installation_are_one_target_each(fleet: Fleet) -> None:
    """What parts are taken from is shared with them, and no image names it."""
    packages = {f"node_modules/{name}": {"version": "1.0.0", "integrity": f"sha512-{name}"} for name in ("a", "b")}
    manifest = {"name": "shop", "dependencies": {"a": "1.0.0", "b": "1.0.0"}}
    fleet.write("package.json", json.dumps(manifest))
    fleet.write("package-lock.json", json.dumps({"lockfileVersion": 3, "packages": {"": manifest, **packages}}))
    step, packing = NodeDependencies("package-lock.json", name="packages"), Packing(groups={"nodejs": (("a",),)})
    found = targets(*(fleet.image(name, step, packing=packing, runtime="nodejs22.x") for name in ("One", "Two")))
    shared = {name.rpartition("-")[0]: target for name, target in found.items() if name not in ("One", "Two")}
    assert shared.keys() == {"packages-installed", "packages-a", "packages"}
    assert {*shared["packages-a"]["contexts"]} == {"packages--installed"}
    assert {*found["One"]["contexts"]} == {"packages-a", "packages"}
