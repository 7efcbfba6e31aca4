"""First specs for code without a Dockerfile: its packages, and what builds it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from optimizer import DotnetBuild, GoBuild, JavaBuild, NodeDependencies, PythonDependencies, RubyDependencies, RustBuild, SourceCode
from optimizer.adoption.code import FunctionCode, survey
from optimizer.adoption.dependencies import Dependencies, dependencies
from optimizer.adoption.proposal import Proposal
from optimizer.adoption.starter import start
from optimizer.model.steps import Step
from optimizer.project.files import Project

PYTHON = "def handler(event, context): ...\n"
JAVA = "package shop;\n\npublic class Pay implements RequestStreamHandler {}\n"
RUST = '[package]\nname = "{}"\nversion = "0.1.0"\n\n[dependencies]\nlambda_runtime = "0.13"\n'
CSPROJ = '<Project><PackageReference Include="Amazon.Lambda.Core" />{}</Project>'
UV = """\
version = 1
requires-python = ">=3.12"

[manifest]
members = ["api", "top"]

[[package]]
name = "api"
version = "0.1.0"
source = { virtual = "fn/api" }

[[package]]
name = "top"
version = "0.1.0"
source = { virtual = "." }
"""


def write(root: Path, files: Mapping[str, str]) -> Project:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return Project(root)


def started(root: Path, files: Mapping[str, str], runtime: str) -> Proposal:
    project = write(root, files)
    (code,) = survey(files, files.get).functions
    return start(runtime, code, project, "arm64")


class TestDependencies:
    @pytest.mark.parametrize(
        ("family", "files", "step", "reason"),
        [
            ("python", {"fn/uv.lock": "", "fn/requirements.txt": ""}, PythonDependencies("fn/uv.lock"), "the lock of uv, in its directory"),
            ("python", {"fn/pylock.toml": ""}, PythonDependencies("fn/pylock.toml"), "the file of packages, in its directory"),
            ("python", {"poetry.lock": ""}, PythonDependencies("poetry.lock"), "the lock of poetry, the nearest above its directory"),
            ("python", {"uv.lock": UV, "fn/pyproject.toml": '[project]\nname = "other"\ndependencies = ["x"]\n'}, None, ""),
            ("nodejs", {"fn/yarn.lock": ""}, NodeDependencies("fn/yarn.lock"), "the lock of yarn, in its directory"),
            (
                "ruby",
                {"fn/Gemfile.lock": "", "fn/Gemfile": ""},
                RubyDependencies("fn/Gemfile.lock"),
                "the lock of Bundler, in its directory",
            ),
            ("java", {"fn/gradle.lockfile": ""}, None, ""),
            ("python", {}, None, ""),
        ],
    )
    def test_the_nearest_lock(self, tmp_path: Path, family: str, files: dict[str, str], step: Step | None, reason: str) -> None:
        project = write(tmp_path, {"fn/app.py": "", **files})
        found = dependencies(family, "fn", project)
        assert (found.step, [guess.reason for guess in found.guesses]) == (step, [reason] if reason else [])

    def test_a_member_of_a_workspace_of_uv(self, tmp_path: Path) -> None:
        project = write(tmp_path, {"uv.lock": UV, "fn/api/pyproject.toml": '[project]\nname = "api"\ndependencies = ["x"]\n'})
        assert dependencies("python", "fn/api", project).step == PythonDependencies("uv.lock", package="api")

    def test_a_member_of_a_workspace_of_pnpm(self, tmp_path: Path) -> None:
        files = {"pnpm-lock.yaml": "", "pnpm-workspace.yaml": "packages: [fn/*]\n", "fn/package.json": '{"name": "@shop/fn"}'}
        assert dependencies("nodejs", "fn", write(tmp_path, files)).step == NodeDependencies("pnpm-lock.yaml", package="@shop/fn")

    def test_a_package_beside_a_lock_that_is_not_its_own(self, tmp_path: Path) -> None:
        files = {
            "package-lock.json": "{}",
            "package.json": '{"name": "top"}',
            "fn/package.json": '{"name": "fn", "dependencies": {"x": "1"}}',
        }
        found = dependencies("nodejs", "fn", write(tmp_path, files))
        assert found.step is None and len(found.not_carried) == 1

    def test_the_files_of_an_app_are_its_own(self, tmp_path: Path) -> None:
        project = write(tmp_path, {"requirements.txt": "aws-cdk-lib==2\n", "lambda/api/app.py": ""})
        assert dependencies("python", "lambda/api", project, apps=["."]) == Dependencies()

    @pytest.mark.parametrize(
        ("family", "name", "text", "create"),
        [
            ("python", "pyproject.toml", '[project]\nname = "x"\ndependencies = ["idna"]\n', "uv lock"),
            ("python", "pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.12"\nidna = "3"\n', "poetry lock"),
            ("python", "Pipfile", '[packages]\nidna = "*"\n', "pipenv lock"),
            ("nodejs", "package.json", '{"dependencies": {"x": "1"}}', "npm install --package-lock-only"),
            ("nodejs", "package.json", '{"packageManager": "pnpm@9.0.0", "dependencies": {"x": "1"}}', "pnpm install --lockfile-only"),
            ("ruby", "Gemfile", 'source "https://rubygems.org"\ngem "aws-sdk"\n', "bundle lock"),
        ],
    )
    def test_packages_that_no_lock_has(self, tmp_path: Path, family: str, name: str, text: str, create: str) -> None:
        found = dependencies(family, ".", write(tmp_path, {name: text}))
        (loss,) = found.not_carried
        assert loss.message == f'"{name}" names packages, and no lock file beside it has their versions'
        assert loss.by_hand == f"make one, and run init again: {create}"

    @pytest.mark.parametrize(
        ("family", "name", "text", "lock", "create"),
        [
            (
                "python",
                "pyproject.toml",
                '[project]\nname = "x"\ndependencies = ["idna"]\n',
                "pdm.lock",
                "pdm export --format pylock --output pylock.toml",
            ),
            ("nodejs", "package.json", '{"dependencies": {"x": "1"}}', "bun.lock", "bun install --yarn"),
            ("nodejs", "package.json", '{"dependencies": {"x": "1"}}', "bun.lockb", "bun install --yarn"),
        ],
    )
    def test_packages_of_a_lock_that_no_step_reads(self, tmp_path: Path, family: str, name: str, text: str, lock: str, create: str) -> None:
        found = dependencies(family, "fn", write(tmp_path, {f"fn/{name}": text, f"fn/{lock}": "", "fn/app": ""}))
        (loss,) = found.not_carried
        assert loss.message == f'"fn/{name}" names packages, and no step reads "fn/{lock}", which has their versions'
        assert loss.by_hand == f"make a lock of it that is read, and run init again: {create}"

    @pytest.mark.parametrize(
        ("family", "name", "text"),
        [
            ("python", "pyproject.toml", "[tool.ruff]\nline-length = 100\n"),
            ("python", "pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.12"\n'),
            ("python", "pyproject.toml", "damaged ["),
            ("nodejs", "package.json", '{"devDependencies": {"x": "1"}}'),
            ("ruby", "Gemfile", 'source "https://rubygems.org"\n'),
        ],
    )
    def test_manifests_that_name_none(self, tmp_path: Path, family: str, name: str, text: str) -> None:
        assert dependencies(family, ".", write(tmp_path, {name: text})) == Dependencies()


class TestSteps:
    def test_a_package_of_python_keeps_its_name_in_the_image(self, tmp_path: Path) -> None:
        found = started(tmp_path, {"fn/shop/app.py": "from .db import x\n" + PYTHON, "fn/requirements.txt": "idna==3.10\n"}, "python3.13")
        assert found.spec.steps == (PythonDependencies("fn/requirements.txt"), SourceCode("fn/shop", to="/var/task/shop/"))
        assert found.handler == "shop.app.handler"
        assert "/var/task/shop/: fn/shop/app.py imports what is beside it by the name of the package" in map(str, found.guesses)

    def test_a_program_of_go_in_its_module(self, tmp_path: Path) -> None:
        main = "package main\n\nfunc main() { lambda.Start(run) }\n"
        found = started(tmp_path, {"go.mod": "module shop\n\ngo 1.23\n", "cmd/pay/main.go": main}, "provided.al2023")
        assert (found.spec.steps, found.handler) == ((GoBuild(".", package="cmd/pay"),), "bootstrap")

    def test_a_module_of_maven_is_built_from_the_root(self, tmp_path: Path) -> None:
        parent = "<project><artifactId>top</artifactId><packaging>pom</packaging><modules><module>pay</module></modules></project>"
        files = {
            "b/pom.xml": parent,
            "b/pay/pom.xml": "<project><artifactId>pay</artifactId></project>",
            "b/pay/src/main/java/shop/Pay.java": JAVA,
        }
        assert started(tmp_path, files, "java21").spec.steps == (JavaBuild("b", tool="maven", module="pay"),)

    def test_a_damaged_build_above_is_none(self, tmp_path: Path) -> None:
        files = {"b/pom.xml": "<modules>", "b/pay/pom.xml": "<project/>", "b/pay/src/main/java/shop/Pay.java": JAVA}
        assert started(tmp_path, files, "java21").spec.steps == (JavaBuild("b/pay", tool="maven"),)

    def test_a_project_of_gradle_is_built_from_the_root(self, tmp_path: Path) -> None:
        files = {"b/settings.gradle": "include 'pay'\n", "b/pay/build.gradle": "", "b/pay/src/main/java/shop/Pay.java": JAVA}
        assert started(tmp_path, files, "java21").spec.steps == (JavaBuild("b", tool="gradle", module="pay"),)

    def test_a_binary_of_rust_by_its_name(self, tmp_path: Path) -> None:
        files = {"pay/Cargo.toml": RUST.format("pay"), "pay/Cargo.lock": "", "pay/src/main.rs": "fn main() {}\n"}
        assert started(tmp_path, files, "provided.al2023").spec.steps == (RustBuild("pay", binary="pay"),)

    def test_a_member_of_a_workspace_of_cargo(self, tmp_path: Path) -> None:
        files = {
            "Cargo.toml": '[workspace]\nmembers = ["pay"]\n',
            "Cargo.lock": "",
            "pay/Cargo.toml": RUST.format("pay"),
            "pay/src/main.rs": "fn main() {}\n",
        }
        assert started(tmp_path, files, "provided.al2023").spec.steps == (RustBuild(".", binary="pay", package="pay"),)

    def test_a_project_of_dotnet_with_one_that_it_references(self, tmp_path: Path) -> None:
        reference = r'<ProjectReference Include="..\Domain\Domain.csproj" />'
        files = {"src/Pay/Pay.csproj": CSPROJ.format(reference), "src/Domain/Domain.csproj": "<Project/>"}
        assert started(tmp_path, files, "dotnet10").spec.steps == (DotnetBuild("src", project="Pay"),)

    def test_a_project_of_dotnet_alone(self, tmp_path: Path) -> None:
        assert started(tmp_path, {"src/Pay/Pay.csproj": CSPROJ.format("")}, "dotnet10").spec.steps == (DotnetBuild("src/Pay"),)

    def test_a_handler_of_another_form_is_not_taken(self, tmp_path: Path) -> None:
        project = write(tmp_path, {"fn/app.py": PYTHON})
        code = FunctionCode(directory="fn", language="Python", files=("fn/app.py",), handlers=("no handler",))
        found = start("python3.13", code, project, "x86_64")
        assert (found.handler, found.remarks) == ("app.handler", ("the handler is an example",))
