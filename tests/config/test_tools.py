"""``[tools]`` in configuration files: the tools and builder images that a company chooses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import tomlkit

from optimizer import GoBuild, ImageSpec, JavaBuild, Lock, NodeDependencies, PythonDependencies, plan, render
from optimizer.bases.lock import LockedImage
from optimizer.bases.tools import Tools
from optimizer.config.schema import configuration_schema
from optimizer.config.settings import load_settings
from optimizer.errors import ConfigurationError, SpecError
from optimizer.linting.rules import RULES
from optimizer.model.steps import Step
from optimizer.planning.keys import stage_keys
from optimizer.planning.plan import required_images
from optimizer.project.files import Project
from optimizer.report.tools import EXAMPLE

DAY = __import__("datetime").date(2026, 11, 1)
HASH = "sha256:" + "7" * 64


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


def configured(text: str, name: str = "optimizer.toml") -> Tools:
    Path(name).write_text(text, encoding="utf-8")
    return load_settings(".").tools


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        configured(text)
    return [str(fault) for fault in caught.value.faults]


def accepted(data: Any) -> bool:
    return jsonschema.Draft202012Validator(configuration_schema(RULES)).is_valid(json.loads(json.dumps(data)))


def test_without_the_table_they_are_those_of_the_data_file() -> None:
    assert configured("root = '.'") == Tools()


def test_the_example_of_the_page_is_read() -> None:
    tools = configured(EXAMPLE)
    assert (tools.tool("pnpm").version, tools.tool("uv").version, len(tools.tool("uv").hashes)) == ("10.34.8", "0.13.8", 3)
    assert str(tools.image("golang")) == "registry.example.com/builders/golang:1.25"
    assert tools.image("maven", "17") == Tools().image("maven", "17")
    assert str(tools.image("maven", "21")).startswith("registry.example.com/")
    assert accepted(tomlkit.parse(EXAMPLE).unwrap())


def test_a_tool_has_the_name_of_its_package_in_the_recipe() -> None:
    assert configured('tools.yarn = "4.0.0"').tool("yarn").name == "@yarnpkg/cli-dist"


def test_a_project_keeps_what_the_company_chose_beside_its_own_choice(project: Path) -> None:
    (project / "house.toml").write_text('[tools]\npnpm = "10.1.0"\npoetry = "2.0.0"\n[tools.images]\ngolang = "example.com/go:1"\n')
    tools = configured('extends = "house.toml"\n[tools]\npnpm = "10.2.0"\n[tools.images]\nrust = "example.com/rust:1-alpine"\n')
    assert (tools.tool("pnpm").version, tools.tool("poetry").version) == ("10.2.0", "2.0.0")
    assert (str(tools.image("golang")), str(tools.image("rust"))) == ("example.com/go:1", "example.com/rust:1-alpine")


def test_the_cdk_context_wins_over_files(project: Path) -> None:
    (project / "cdk.json").write_text('{"context": {"optimizer:tools": {"pnpm": "10.3.0"}}}')
    tools = configured('[tool.optimizer.tools]\npnpm = "10.2.0"\npoetry = "2.0.0"\n', "pyproject.toml")
    assert (tools.tool("pnpm").version, tools.tool("poetry").version) == ("10.3.0", "2.0.0")
    (project / "cdk.json").write_text('{"context": {"optimizer:tools": {"pnpm": 10}}}')
    (project / "pyproject.toml").unlink()
    assert faults("")[0].startswith("cdk.json: optimizer:tools.pnpm: 10 is not one version of pnpm")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("tools = 3", ("optimizer.toml:1: tools: 3 is not a table", "hint: write [tools]")),
        ('[tools]\npnmp = "10.1.0"', ('optimizer.toml:2: tools.pnmp: unknown tool "pnmp"; allowed: uv,', 'hint: did you mean "pnpm"?')),
        ('[tools]\ngolang = "example.com/go:1"', ('"golang" is a builder image', "hint: move it to [tools.images]")),
        ('[tools]\npnpm = "10"', ('tools.pnpm: "10" is not one version of pnpm', 'hint: write a whole version, such as "10.34.9"')),
        ('[tools]\npnpm = "latest"', ('"latest" is not one version of pnpm', "https://www.npmjs.com/package/pnpm")),
        ('[tools]\npoetry = "2.*"', ('"2.*" is not one version of poetry', 'such as "2.5.1"')),
        ('[tools]\npoetry = "2.1.0 --hash=x"', ("is not one version of poetry",)),
        ("[tools]\npoetry = {}", ("tools.poetry.version: None is not one version of poetry",)),
        (
            '[tools]\nyarn = "1.22.22"',
            ("stages use yarn 4.x, and 1.22.22 is of another major version", "hint: set a version 4.x; without one, it is 4."),
        ),
        (
            '[tools]\nuv = "0.13.8"',
            ("tools.uv: stages install uv by its hashes, and none is given", "https://pypi.org/project/uv/"),
        ),
        (
            '[tools]\nuv = { version = "0.13.8", hashes = ["x"] }',
            ("tools.uv.hashes: ['x'] are not hashes; allowed: a list of sha256:<64 hex>",),
        ),
        ('[tools]\nuv = { version = "0.13.8", hashes = 3 }', ("3 are not hashes",)),
        (f'[tools]\nuv = {{ version = "0.13.8", hashes = ["{HASH}"], hash = 1 }}', ('unknown key "hash"', 'hint: did you mean "hashes"?')),
        (
            f'[tools]\npnpm = {{ version = "10.1.0", hashes = ["{HASH}"] }}',
            ("tools.pnpm.hashes: stages check no hash of pnpm", "hint: leave hashes out"),
        ),
        ("[tools]\nimages = 3", ("tools.images: 3 is not a table", "write [tools.images]")),
        ('[tools.images]\ngolangg = "a.b/c:1"', ('tools.images.golangg: unknown builder image "golangg"', 'hint: did you mean "golang"?')),
        ("[tools.images]\ngolang = 3", ("3 is not an image reference",)),
        ('[tools.images]\ngolang = "golang"', ('"golang" is not an image reference with a registry',)),
        ('[tools.images]\ngolang = "example.com/go"', ('"example.com/go" has no tag', "optimizer pin finds its digest")),
        (
            '[tools.images]\nmaven = "example.com/maven:3"',
            ('"example.com/maven:3" is one image, and maven has one for each version of Java', "versions: 8, 11, 17, 21, 25"),
        ),
        (
            '[tools.images]\nmaven = { 22 = "example.com/maven:3" }',
            ('tools.images.maven.22: no runtime has Java "22"; allowed: 8, 11, 17, 21, 25',),
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_line(text: str, parts: tuple[str, ...]) -> None:
    (fault,) = faults(text)
    assert all(part in fault for part in parts), fault
    assert (
        not accepted(tomlkit.parse(text).unwrap())
        or "another major version" in fault
        or "is not an image reference" in fault
        or "tag" in fault
    )


def test_all_faults_of_all_files_are_told(project: Path) -> None:
    (project / "house.toml").write_text("[tools]\nx1 = 1\nx2 = 2\n")
    found = faults('extends = "house.toml"\nroot = 3\n[tools]\nx3 = 1\n')
    assert [fault.split(": ")[0] for fault in found] == ["optimizer.toml:2", "house.toml:2", "house.toml:3", "optimizer.toml:4"]


def pins(spec: ImageSpec, tools: Tools) -> Lock:
    return Lock().with_images([LockedImage(reference=image, digest=HASH, resolved=DAY) for image in required_images(spec, tools)])


PNPM_LOCK = "lockfileVersion: '9.0'\nimporters:\n  .: {}\n"
CASES: dict[str, tuple[str, Step, dict[str, str], str, str]] = {
    "uv": (
        "python3.13",
        PythonDependencies("requirements.txt", installer="uv"),
        {"requirements.txt": "six==1.17.0\n"},
        f'[tools]\nuv = {{ version = "0.13.8", hashes = ["{HASH}"] }}',
        f"uv==0.13.8 \\\n      --hash={HASH}",
    ),
    "pnpm": (
        "nodejs22.x",
        NodeDependencies("pnpm-lock.yaml"),
        {"pnpm-lock.yaml": PNPM_LOCK, "package.json": '{"name": "x"}'},
        '[tools]\npnpm = "10.34.8"',
        "pnpm@10.34.8",
    ),
    "golang": (
        "provided.al2023",
        GoBuild("."),
        {"go.mod": "module x\ngo 1.24\n", "main.go": "package main\n"},
        '[tools.images]\ngolang = "example.com/go:1.25"',
        f"FROM --platform=$BUILDPLATFORM example.com/go:1.25@{HASH}",
    ),
    "maven": (
        "java21",
        JavaBuild(".", tool="maven"),
        {"pom.xml": "<project/>", "src/main/java/A.java": ""},
        '[tools.images]\nmaven = { 21 = "example.com/maven:3" }',
        f"FROM --platform=$BUILDPLATFORM example.com/maven:3@{HASH}",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_stages_use_what_the_company_chose_and_have_other_keys(name: str, project: Path) -> None:
    runtime, step, files, text, expected = CASES[name]
    root = project / "app"
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")
    spec = ImageSpec(runtime=runtime, steps=[step])
    chosen = configured(text)
    plans = [plan(spec, pins(spec, tools), root=root, tools=tools) for tools in (Tools(), chosen)]
    assert [expected in render(made) for made in plans] == [False, True]
    before, after = (stage_keys(made, Project(root)) for made in plans)
    # Digests of builders are equal here, and a mirror's name is no difference, so that of a company is none either.
    assert (before == after) == (name in ("golang", "maven"))


def test_versions_are_compared_with_the_builder_of_the_company(project: Path) -> None:
    (project / "go.mod").write_text("module x\ngo 1.25\n")
    (project / "main.go").write_text("package main\n")
    spec = ImageSpec(runtime="provided.al2023", steps=[GoBuild(".")])
    tools = configured('[tools.images]\ngolang = "example.com/go:1.24"')
    with pytest.raises(SpecError) as caught:
        plan(spec, pins(spec, tools), tools=tools)
    (fault,) = caught.value.faults
    assert fault.message == '"go.mod" requires Go 1.25, but the builder is "example.com/go:1.24"'
    assert 'set builder="example.com/go:1.25"' in fault.hint
