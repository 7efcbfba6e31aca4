"""``docs/pipelines.md``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests import pages

PAGE = pages.page("pipelines.md")


def synthesized(project: Path, program: str) -> dict[str, dict[str, Any]]:
    """The projects of the pipeline that publish, by their logical names."""
    (project / "app.py").write_text(program, encoding="utf-8")
    for name in ("orders", "stock", "users"):
        code = project / "functions" / name / "app.py"
        code.parent.mkdir(parents=True, exist_ok=True)
        code.write_text(f"def handler(event, context):\n    return '{name}'\n", encoding="utf-8")
    ((command, _),) = pages.commands(PAGE)
    pages.run(command, project)
    resources = json.loads((project / "cdk.out" / "ShopPipeline.template.json").read_text(encoding="utf-8"))["Resources"]
    return {
        name: item["Properties"] for name, item in resources.items() if item["Type"] == "AWS::CodeBuild::Project" and "DockerAsset" in name
    }


def test_one_project_publishes_all_images_without_an_engine(project: Path) -> None:
    """Requirement: "CDK Pipelines with one step for all images in place of a project per image"."""
    ((_, publishing),) = synthesized(project, pages.files(PAGE)["app.py"]).items()
    assert publishing["Environment"]["PrivilegedMode"] is False
    assert {"Name": "CDK_DOCKER", "Type": "PLAINTEXT", "Value": "optimizer-docker"} in publishing["Environment"]["EnvironmentVariables"]
    phases = json.loads((project / "cdk.out" / publishing["Source"]["BuildSpec"]).read_text(encoding="utf-8"))["phases"]
    assert phases["install"]["commands"][0].startswith("pip install 'lambda-image-optimizer[aws]==")
    assert phases["install"]["commands"][1] == "npm install -g cdk-assets@4.7.3"
    commands = phases["build"]["commands"]
    assert len(commands) == 3 and all(" publish " in command for command in commands)


def test_what_it_is_like_without(project: Path) -> None:
    """What the page says of CDK's own way: a project for each image, privileged "whatever the options say"."""
    program = pages.files(PAGE)["app.py"].replace("BuildEnvironment(", "BuildEnvironment(privileged=False, ", 1)
    for line in ("publish_assets_in_parallel=False", 'cdk_assets_cli_version="4.7.3"'):
        assert f"            {line},\n" in program
        program = program.replace(f"            {line},\n", "")
    program = program[: program.index("        for construct in pipeline")] + program[program.index("\n\napp = ") :]
    found = synthesized(project, program)
    assert len(found) == 3
    assert {item["Environment"]["PrivilegedMode"] for item in found.values()} == {True}
    for item in found.values():
        assert "npm install -g cdk-assets@latest" in item["Source"]["BuildSpec"]
