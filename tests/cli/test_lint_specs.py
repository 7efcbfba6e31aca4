"""``optimizer lint`` of SAM templates whose functions name specifications."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from optimizer.cli.lint import command as lint
from optimizer.cli.sam import command as sam

GOLDEN_LOCK = Path(__file__).parents[1] / "golden" / "optimizer.lock"
TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Function
    Properties:
      PackageType: Image
      Architectures: [arm64]
      ImageConfig:
        Command: [app.handler]
    Metadata:
      ImageSpec: api.image.toml
"""
SPEC = 'runtime = "python3.13"\narchitecture = "arm64"\nsteps = [{ kind = "source-code", source = "app.py" }]\n'


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text("def handler(event, context):\n    return 'api'\n")
    Path("template.yaml").write_text(TEMPLATE)
    Path("api.image.toml").write_text(SPEC)
    shutil.copy(GOLDEN_LOCK, "optimizer.lock")
    return tmp_path


def linted(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(lint, ["template.yaml", "--format", "json", *arguments], catch_exceptions=False)
    return dict(json.loads(result.stdout))


def write() -> None:
    assert CliRunner().invoke(sam, ["template.yaml", "--write"], catch_exceptions=False).exit_code == 0


def found(report: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(item["rule"], item["construct"], item["line"]) for item in report["findings"]]


def test_a_specification_is_judged_before_anything_is_generated() -> None:
    """Requirement: "The same rules"; `optimizer publish template.yaml` needs no Dockerfile in Metadata, so LIO685 is none of its findings."""
    assert found(linted()) == []
    Path("optimizer.toml").write_text('[conventions]\nruntimes = ["python3.14"]\n')
    assert found(linted()) == [("LIO152", "Api", 3)]


def test_a_checkout_without_build_contexts_is_judged_as_one_with_them() -> None:
    write()
    Path("optimizer.toml").write_text('[conventions]\nruntimes = ["python3.14"]\n')
    generated = linted()
    shutil.rmtree(".optimizer")
    assert linted() == generated
    assert found(generated) == [("LIO152", "Api", 3)]


def test_a_generated_dockerfile_that_was_changed_is_told() -> None:
    """Requirement: "`optimizer sam --check` fails when generated files are stale"; the rules read the plan, and say when it is not the file's."""
    write()
    dockerfile = Path(".optimizer/api/Dockerfile")
    dockerfile.write_text(dockerfile.read_text() + "ENV A=b\n")
    assert ("LIO006", "Api", 3) in found(linted())


def test_what_the_specification_lacks_is_told_at_the_key_that_names_it() -> None:
    Path("optimizer.lock").unlink()
    (finding,) = linted()["findings"]
    assert (finding["rule"], finding["line"]) == ("LIO681", 11)
    assert finding["message"].startswith('the spec of Api, "api.image.toml": "public.ecr.aws/lambda/python:3.13" is not pinned')
    assert finding["fix"].startswith("run: optimizer pin")
    Path("api.image.toml").unlink()
    assert linted()["findings"][0]["message"] == 'the spec of Api, "api.image.toml": the spec cannot be read: No such file or directory'


def test_half_of_the_keys_of_a_build_are_a_fault_all_the_same() -> None:
    Path("template.yaml").write_text(TEMPLATE + "      Dockerfile: Dockerfile\n")
    (finding,) = linted()["findings"]
    assert (finding["rule"], finding["fix"]) == ("LIO685", "optimizer sam TEMPLATE --write sets both")


def test_fixes_leave_what_is_generated_alone() -> None:
    write()
    before = Path(".optimizer/api/Dockerfile").read_bytes()
    Path("template.yaml").write_text(Path("template.yaml").read_text().replace("      Architectures: [arm64]\n", ""))
    for there in (True, False):
        CliRunner().invoke(lint, ["template.yaml", "--fix"], catch_exceptions=False)
        if there:
            assert Path(".optimizer/api/Dockerfile").read_bytes() == before
            shutil.rmtree(".optimizer")
