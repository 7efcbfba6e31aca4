"""Why an image is another one: each cause is named, and none is forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optimizer import BuildSecret, Command, Files, ImageSpec, Lock, NodeDependencies, PythonDependencies, SourceCode, SystemPackages
from optimizer.builders.docker.context import build_context
from optimizer.model.inputs import Input
from optimizer.model.plan import Stage
from optimizer.planning.difference.compare import ImageDifference, difference
from optimizer.planning.difference.inputs import Side
from optimizer.planning.document import KeptPlan, text_digest
from optimizer.planning.keys import stage_keys
from optimizer.planning.plan import plan
from optimizer.project.files import Project
from tests.test_golden import GOLDEN

LOCK_TEXT = (GOLDEN / "optimizer.lock").read_text(encoding="utf-8")


class ProjectContents:
    """What a project has now."""

    def __init__(self, root: Path) -> None:
        project = Project(root)
        self._entries = {path: f"{mode} {content}" for path, mode, content in project.entries(".") if mode != "directory"}
        self._texts = {path: (root / path).read_text(encoding="utf-8") for path in self._entries}

    def files(self, stage: Stage, item: Input) -> Mapping[str, str] | None:
        return {path: told for path, told in self._entries.items() if path == item.source or path.startswith(f"{item.source}/")}

    def text(self, path: str) -> str | None:
        return self._texts.get(path)


class NoContents:
    """A build context that is gone."""

    def files(self, stage: Stage, item: Input) -> None:
        return None

    def text(self, path: str) -> None:
        return None


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")


class Image:
    """A specification with its project and its lock, of which one thing after another may change."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lock = LOCK_TEXT
        self.runtime = "python3.13"
        self.architecture = "x86_64"
        self.options: dict[str, Any] = {"environment": {"LEVEL": "info"}, "labels": {"team": "shop"}}
        self.steps: dict[str, Any] = {
            "tools": SystemPackages(["jq"], name="tools"),
            "packages": PythonDependencies("requirements.txt", name="packages"),
            "code": SourceCode("fn", name="code"),
            "models": Files("models", to="/opt/ml/", name="models"),
            "built": Command([["true"]], name="built", inputs=["scripts"], after=["packages", "tools"]),
        }
        for name, text in {
            "requirements.txt": "six==1.16.0\nidna==3.7\n",
            "fn/app.py": "1",
            "fn/notes.md": "1",
            "models/a.bin": "1",
            "scripts/run.sh": "true",
        }.items():
            write(root, name, text)

    def side(self) -> tuple[Side, str]:
        """The image now, and the digest of its build context."""
        project = Project(self.root)
        spec = ImageSpec(runtime=self.runtime, architecture=self.architecture, steps=list(self.steps.values()), **self.options)
        made = plan(spec, Lock.parse(self.lock), project)
        context = build_context(made, project)
        kept = KeptPlan(plan=made, keys=stage_keys(made, project), dockerfile=text_digest(context.dockerfile))
        return Side(kept=kept, contents=ProjectContents(self.root)), context.digest


def said(found: ImageDifference) -> dict[str, list[str]]:
    """The reasons by the names of stages; those about the image without a name."""
    reasons = {stage.name: [" ".join((each.text, *each.details)) for each in stage.reasons] for stage in found.stages}
    return {**({"": [each.text for each in found.reasons]} if found.reasons else {}), **reasons}


def _step(step: str, **changes: Any) -> Callable[[Image], object]:
    def change(image: Image) -> None:
        image.steps[step] = replace(image.steps[step], **changes)

    return change


def _option(name: str, value: Any) -> Callable[[Image], object]:
    return lambda image: image.options.update({name: value})


def _file(name: str, text: str) -> Callable[[Image], object]:
    return lambda image: write(image.root, name, text)


def _lock(before: str, after: str) -> Callable[[Image], object]:
    def change(image: Image) -> None:
        assert before in image.lock
        image.lock = image.lock.replace(before, after)

    return change


def _renamed_directory(image: Image) -> None:
    (image.root / "fn").rename(image.root / "other")
    image.steps["code"] = replace(image.steps["code"], source="other")


def _patterns_and_file(image: Image) -> None:
    image.steps["code"] = replace(image.steps["code"], exclude=["*.none"])
    write(image.root, "fn/app.py", "2")


PIN = LOCK_TEXT.split('reference = "public.ecr.aws/lambda/python:3.13"')[1].split('digest = "')[1].split('"')[0]

CAUSES: dict[str, tuple[Callable[[Image], object], str, str]] = {
    "a version": (_file("requirements.txt", "six==1.17.0\nidna==3.7\n"), "packages", "requirements.txt changed six 1.16.0 -> 1.17.0"),
    "a package more": (
        _file("requirements.txt", "six==1.16.0\nidna==3.7\ntomli==2.0.1\n"),
        "packages",
        "requirements.txt changed + tomli 2.0.1",
    ),
    "a package less": (_file("requirements.txt", "six==1.16.0\n"), "packages", "requirements.txt changed - idna 3.7"),
    "a comment": (_file("requirements.txt", "# x\nsix==1.16.0\nidna==3.7\n"), "packages", "no version of a package, only other text"),
    "a file": (_file("fn/app.py", "2"), "code", "fn/app.py changed"),
    "a new file": (_file("fn/new.py", "2"), "code", "fn/new.py is new"),
    "a file of no layer": (_file("scripts/run.sh", "false"), "built", "scripts/run.sh changed"),
    "a removed file": (lambda image: (image.root / "models/a.bin").rename(image.root / "models/b.bin"), "models", "models/a.bin is gone"),
    "a pin": (_lock(PIN, "sha256:" + "7" * 64), "tools", f"pin of public.ecr.aws/lambda/python:3.13: {PIN[7:19]} -> 777777777777"),
    "an option": (_step("packages", slim=["tests"]), "packages", "slim: none -> tests"),
    "a target": (_step("models", to="/opt/other/"), "models", "models lands at /opt/other/ now, and at /opt/ml/ before"),
    "patterns": (_step("code", exclude=["*.md"]), "code", "patterns of what is left out of fn: + *.md"),
    "system packages": (_step("tools", packages=["jq", "git"]), "tools", "packages: dnf jq -> dnf git, jq"),
    "what lies below": (_step("tools", packages=["git"]), "built", "tools, which it is made of, is another one"),
    "a command": (_step("built", run=[["false"]]), "built", "run: true -> false"),
    "an input": (_step("built", inputs=["models"]), "built", "models is read now"),
    "a secret": (_step("built", secrets=[BuildSecret(id="token", from_env="TOKEN")]), "built", "secrets: none -> "),
    "a variable": (_option("environment", {"LEVEL": "debug"}), "", "environment LEVEL: info -> debug"),
    "a variable more": (_option("environment", {"LEVEL": "info", "MODE": "on"}), "", "environment MODE is new: on"),
    "a variable less": (_option("environment", {}), "", "environment LEVEL is gone, which was info"),
    "a label": (_option("labels", {"team": "other"}), "", "label team: shop -> other"),
    "a runtime": (lambda image: setattr(image, "runtime", "python3.12"), "", "runtime: python3.13 -> python3.12"),
    "an architecture": (lambda image: setattr(image, "architecture", "arm64"), "", "architecture: x86_64 -> arm64"),
    "a step more": (lambda image: image.steps.update(more=Files("models", to="/opt/more/", name="more")), "more", "new"),
    "a step less": (lambda image: image.steps.pop("built"), "built", "not there any more"),
    "a name": (_step("models", name="weights"), "", "step models is called weights now"),
    "another directory of the same files": (_renamed_directory, "", "code: other is read now"),
    "patterns that match nothing, and a file": (_patterns_and_file, "code", "patterns of what is left out of fn: + *.none"),
    "an order": (_step("models", stability="always"), "", "order of layers: "),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_is_named(cause: str, tmp_path: Path) -> None:
    """Requirement: "why did this asset change: which file, which pin, which option, which package from which version to which; in which layer"."""
    change, stage, text = CAUSES[cause]
    image = Image(tmp_path)
    old, before = image.side()
    change(image)
    new, after = image.side()
    assert before != after, "the asset is another one"
    found = said(difference(old, new))
    assert any(text in line for line in found.get(stage, [])), found
    changed = {name for name in {*old.kept.keys, *new.kept.keys} if old.kept.keys.get(name) != new.kept.keys.get(name)}
    renamed = {"models", "weights"} if cause == "a name" else set()
    assert set(found) - {""} == changed - renamed, "a stage is named where its key is another one, and no other"
    assert all("is not kept" not in line for lines in found.values() for line in lines)


@pytest.mark.parametrize(
    "change", [_step("code", size=7), _step("code", seconds=7.0), _step("code", stability="daily"), _file("README.md", "x")]
)
def test_what_changes_no_byte_is_no_reason(change: Callable[[Image], object], tmp_path: Path) -> None:
    image = Image(tmp_path)
    old, before = image.side()
    change(image)
    new, after = image.side()
    assert before == after and difference(old, new) == ImageDifference(reasons=(), stages=())


def test_a_pin_is_said_once_of_the_image_and_of_each_layer_that_it_makes_again(tmp_path: Path) -> None:
    image = Image(tmp_path)
    old, _ = image.side()
    _lock(PIN, "sha256:" + "7" * 64)(image)
    new, _ = image.side()
    found = said(difference(old, new))
    text = f"pin of public.ecr.aws/lambda/python:3.13: {PIN[7:19]} -> 777777777777"
    assert found[""] == [text] and all(lines[0] == text or "made of" in lines[0] for name, lines in found.items() if name)


def test_a_part_of_a_lock_names_the_releases_that_changed(tmp_path: Path) -> None:
    def lines(digit: str, **versions: str) -> str:
        return "".join(f"{name}=={version} --hash=sha256:{digit * 64}\n" for name, version in versions.items())

    image = Image(tmp_path)
    image.steps = {"packages": PythonDependencies("packed.txt", name="packages")}
    image.lock += '\n[packing]\npython = [["numpy"], ["six", "idna"]]\n'
    write(tmp_path, "packed.txt", lines("0", numpy="1.0", six="1.0", idna="1.0", attrs="1.0"))
    old, _ = image.side()
    write(tmp_path, "packed.txt", lines("0", numpy="2.0", six="1.0", attrs="1.0") + lines("1", idna="1.0"))
    new, _ = image.side()
    assert said(difference(old, new)) == {
        "packages-numpy": ["packages numpy 1.0 -> 2.0"],
        "packages-idna": ["other hashes or markers of idna"],
    }


def test_a_part_of_a_lock_of_nodejs_names_its_packages_and_no_other(tmp_path: Path) -> None:
    def lock(**versions: str) -> str:
        packages = {
            f"node_modules/{name}": {"version": version, "integrity": f"sha512-{name}{version}"} for name, version in versions.items()
        }
        packages["node_modules/a/node_modules/b"] = {"version": "1.0.0", "integrity": "sha512-b"}
        return json.dumps({"lockfileVersion": 3, "packages": {"": {"name": "shop", "dependencies": versions}, **packages}})

    image = Image(tmp_path)
    image.runtime, image.steps = "nodejs22.x", {"packages": NodeDependencies("package-lock.json", name="packages")}
    image.lock += '\n[packing]\nnodejs = [["a"], ["c"]]\n'
    write(tmp_path, "package.json", '{"name": "shop"}')
    write(tmp_path, "package-lock.json", lock(a="1.0.0", b="1.1.0", c="1.0.0"))
    old, _ = image.side()
    write(tmp_path, "package-lock.json", lock(a="1.0.0", b="1.2.0", c="2.0.0", d="1.0.0"))
    new, _ = image.side()
    found = said(difference(old, new))
    assert found["packages-c"] == ["packages c 1.0.0 -> 2.0.0"]
    assert found["packages"] == ["packages b 1.0.0, 1.1.0 -> 1.0.0, 1.2.0 + d 1.0.0"]
    assert found.keys() == {"", "packages--installed", "packages-c", "packages"}


def test_a_build_context_that_is_gone_is_said(tmp_path: Path) -> None:
    """Requirement: "What cannot be told is said"."""
    image = Image(tmp_path)
    old, _ = image.side()
    write(tmp_path, "fn/app.py", "2")
    new, _ = image.side()
    found = said(difference(replace(old, contents=NoContents()), new))
    assert found == {"code": ["whether fn changed cannot be told: the build context of before is not there, or is damaged"]}


def test_a_change_of_the_tool_itself_is_said(tmp_path: Path) -> None:
    side, _ = Image(tmp_path).side()
    other = replace(side, kept=replace(side.kept, dockerfile="0" * 64))
    assert said(difference(side, other)) == {
        "": ["another version of this tool wrote its Dockerfile: what it was planned to be is the same"]
    }
    revised = replace(side, kept=replace(side.kept, keys={**side.kept.keys, "code": "0" * 64}))
    (line,) = said(difference(side, revised))["code"]
    assert line.startswith(
        "the recipe and its inputs are the same: another version of this tool makes layers of packed-files in another way"
    )
