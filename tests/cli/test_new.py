"""``optimizer new``: a project that works as it is written.

Requirement: "writes a first CDK project or SAM project (app, cdk.json, a
function, lock, configuration, a test) that synthesizes, tests and runs at once".
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from optimizer import ImageSpec, SourceCode
from optimizer.adoption.new_project import newest_python
from optimizer.bases.catalogue import base_image
from optimizer.bases.lock import Lock
from optimizer.bases.mirror import Mirror
from optimizer.cli.main import optimizer
from optimizer.errors import OptimizerError
from tests.adapters.registry_server import RegistryServer, serving
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
NODEJS = "nodejs24.x"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "no-docker"))
    return tmp_path


@pytest.fixture
def mirror() -> Iterator[RegistryServer]:
    """A mirror on loopback that has the bases of first functions."""
    with serving() as server:
        for runtime in (newest_python(), NODEJS):
            server.index(base_image(runtime).reference.tagged.partition("/")[2])
        yield server


def new(*arguments: str) -> Result:
    return CliRunner().invoke(optimizer, ["new", *arguments])


def message(*arguments: str) -> str:
    """The error of a call, which wrote nothing."""
    before = sorted(Path().rglob("*"))
    result = new(*arguments)
    assert isinstance(result.exception, OptimizerError), result.output
    assert sorted(Path().rglob("*")) == before
    return str(result.exception)


def run(project: Path, *argv: str) -> str:
    """What a program printed in the project, which must end well."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CDK_OUTDIR": "cdk.out"}
    result = subprocess.run(argv, cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


class TestProjects:
    @pytest.mark.parametrize("runtime", [None, NODEJS])
    def test_a_cdk_app_tests_synthesizes_and_plans(self, runtime: str | None, here: Path, mirror: RegistryServer) -> None:
        result = new("shop", "--mirror", mirror.host, *(("--runtime", runtime) if runtime else ()))
        assert result.exit_code == 0, result.output
        project, chosen = here / "shop", runtime or newest_python()
        written = result.stdout.splitlines()
        assert [line for line in written if not line.startswith("next: ")] == sorted(
            str(path.relative_to(here)) for path in project.rglob("*") if path.is_file()
        )
        steps = [line.removeprefix("next: ") for line in written if line.startswith("next: ")]
        assert steps[:2] == ["cd shop", "pip install -r requirements.txt"]
        run(project, *steps[2].split())
        # cdk synth runs what cdk.json names, with these settings.
        configuration = json.loads((project / "cdk.json").read_text())
        assert configuration["app"] == "python3 app.py"
        run(project, sys.executable, "app.py")
        reports = json.loads((project / "cdk.out" / "validation-report.json").read_text())["pluginReports"]
        assert reports == []
        digest = mirror.digest_of(base_image(chosen).reference.tagged.partition("/")[2])
        (function,) = json.loads(run(project, sys.executable, "-m", "optimizer", "plan", "cdk.out", "--format", "json"))["functions"]
        assert function["base"].startswith(f"{mirror.host}/") and function["base"].endswith(digest)
        assert (function["path"], function["repository"]) == ("shop/Hello", "shop-images")
        # It is a project that optimizer init knows, with nothing left to propose.
        assert "0 specs for" in run(project, sys.executable, "-m", "optimizer", "init")

    @pytest.mark.parametrize("runtime", [None, NODEJS])
    def test_a_sam_project_tests_and_is_ready_to_be_built(self, runtime: str | None, here: Path, mirror: RegistryServer) -> None:
        result = new("shop", "--sam", "--mirror", mirror.host, *(("--runtime", runtime) if runtime else ()))
        assert result.exit_code == 0, result.output
        project = here / "shop"
        assert (project / ".optimizer" / "hello" / "Dockerfile").is_file()
        assert "use_buildkit = true" in (project / "samconfig.toml").read_text()
        run(project, sys.executable, "-m", "optimizer", "sam", "template.yaml", "--check")
        run(project, sys.executable, "-m", "optimizer", "lint", ".")
        (test,) = [line.removeprefix("next: ") for line in result.stdout.splitlines() if "test" in line and line.startswith("next: ")]
        run(project, *test.split())
        # The packages of the project's tools are none of a function.
        assert [type(step) for step in ImageSpec.load(project / "hello.image.toml").steps] == [SourceCode]

    def test_the_same_call_gives_the_same_bytes(self, here: Path) -> None:
        for place in ("one", "two"):
            assert new(f"{place}/shop", "--no-pin").exit_code == 0
        files = [
            {path.relative_to(here / place): path.read_bytes() for path in (here / place).rglob("*") if path.is_file()}
            for place in ("one", "two")
        ]
        assert files[0] == files[1]

    def test_the_current_directory_gives_its_name(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (here / "shop").mkdir()
        monkeypatch.chdir(here / "shop")
        result = new(".", "--no-pin")
        assert result.exit_code == 0 and "next: cd shop" not in result.stdout
        assert '"shop-images"' in Path("app.py").read_text()

    def test_the_architecture_holds_for_what_comes_next_too(self, here: Path) -> None:
        new("shop", "--no-pin", "--architecture", "arm64")
        assert ImageSpec.load("shop/hello.image.toml").architecture == "arm64"
        assert (
            '[defaults]\n# Of specifications that name no architecture.\narchitecture = "arm64"\n'
            in Path("shop/optimizer.toml").read_text()
        )

    def test_the_feature_flags_are_those_of_the_example(self) -> None:
        new("shop", "--no-pin")
        own, example = (json.loads(path.read_text()) for path in (Path("shop/cdk.json"), ROOT / "cdk.json"))
        assert own["context"] == example["context"]

    def test_the_report_as_json(self, mirror: RegistryServer) -> None:
        report = json.loads(new("shop", "--mirror", mirror.host, "--format", "json").stdout)
        assert (report["name"], report["kind"], report["directory"], report["pinned"]) == ("shop", "cdk", "shop", True)
        assert (report["runtime"], report["architecture"]) == (newest_python(), "x86_64")
        assert {"app.py", "optimizer.lock", "tests/test_hello.py"} <= set(report["files"])
        assert "cdk synth --quiet" in report["next"]


class TestPins:
    def test_the_base_image_is_pinned_and_the_mirror_kept(self, mirror: RegistryServer) -> None:
        new("shop", "--mirror", mirror.host)
        (image,) = Lock.parse(Path("shop/optimizer.lock").read_text()).images
        assert image.reference == base_image(newest_python()).reference
        assert f'mirror = "{mirror.host}"' in Path("shop/optimizer.toml").read_text()

    @pytest.mark.parametrize("kind", [(), ("--sam",)])
    def test_without_a_registry_the_command_that_pins_is_named(self, kind: tuple[str, ...]) -> None:
        result = new("shop", "--mirror", "127.0.0.1:9", *kind)
        assert result.exit_code == 1
        assert 'warning: the base image is not pinned: registry "127.0.0.1:9" cannot be reached' in result.stderr
        assert "next: cd shop\nnext: optimizer pin\n" in result.stdout
        assert ("next: optimizer sam template.yaml --write\n" in result.stdout) == bool(kind)
        assert not Path("shop/optimizer.lock").exists() and Path("shop/hello.image.toml").exists()

    def test_no_registry_is_asked_where_that_is_wanted(self) -> None:
        result = new("shop", "--no-pin", "--mirror", "127.0.0.1:9")
        assert (result.exit_code, result.stderr) == (0, "")
        assert "next: optimizer pin\n" in result.stdout


class TestRefusals:
    def test_fails_for_a_directory_that_is_not_empty(self, here: Path) -> None:
        (here / "shop").mkdir()
        for name in ("a", "b", "c", "d"):
            (here / "shop" / name).touch()
        assert message("shop") == (
            'shop: "shop" is not empty: a, b, c and 1 more; nothing is written\n'
            "  hint: name a directory that is not there yet; for a project that is there: optimizer init"
        )

    def test_fails_for_a_file(self, here: Path) -> None:
        (here / "shop").touch()
        assert message("shop").startswith('shop: the project cannot be written to "shop": Not a directory')

    @pytest.mark.parametrize(
        ("name", "example"), [("My Shop", "my-shop"), ("shop_1", "shop-1"), ("a--b", "a-b"), ("日本", "shop"), ("1", "shop")]
    )
    def test_fails_for_a_name_that_stacks_cannot_have(self, name: str, example: str) -> None:
        said = message(name, "--no-pin")
        assert said.startswith(f'NAME: "{name}" cannot be the name of a project') and said.endswith(f"hint: for example {example}")

    @pytest.mark.parametrize(
        ("runtime", "said"),
        [
            ("pyton3.13", 'unknown runtime "pyton3.13"'),
            ("java21", "--runtime: there is no first function for java21; allowed: python3.14"),
            ("python3.15", '--runtime: runtime "python3.15" is a preview: a new project does not start on it'),
        ],
    )
    def test_fails_for_a_runtime_without_a_first_function(self, runtime: str, said: str) -> None:
        assert said in message("shop", "--runtime", runtime)

    def test_what_cannot_be_written_leaves_nothing(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        before = Path.mkdir

        def full(path: Path, *arguments: object, **options: object) -> None:
            if path.name == "tests":
                raise OSError(28, "No space left on device")
            before(path, *arguments, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(Path, "mkdir", full)
        assert "the files cannot be written: [Errno 28] No space left on device" in message("shop", "--no-pin")


def test_the_example_of_the_documentation(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "new.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```console\n\$ optimizer new shop\n(.*?)```", text, re.DOTALL)
    with serving() as server:
        server.index(base_image(newest_python()).reference.tagged.partition("/")[2])
        # The documented call goes to the registry of the catalogue.
        monkeypatch.setattr(Mirror, "parse", lambda _: Mirror(prefixes=(("", server.host),)))
        result = new("shop")
    assert result.stdout == example
