from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from constructs import Construct


@pytest.fixture
def outdir(tmp_path: Path) -> str:
    return str(tmp_path / "cdk.out")


@pytest.fixture
def add_function(tmp_path: Path) -> Callable[..., lambda_.DockerImageFunction]:
    """Adds a plain image function; equal ``content`` makes equal assets."""

    def add(scope: Construct, content: str = "one", id: str | None = None) -> lambda_.DockerImageFunction:
        directory = tmp_path / "contexts" / content
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "Dockerfile").write_text(f"FROM scratch\nLABEL content={content}\n")
        return lambda_.DockerImageFunction(
            scope,
            id or f"Function-{content}",
            code=lambda_.DockerImageCode.from_image_asset(str(directory)),
            architecture=lambda_.Architecture.ARM_64,
        )

    return add


@pytest.fixture
def manifest() -> Callable[[Any, str], dict[str, Any]]:
    """The asset manifest of a stack, by the name of its artifact."""

    def read(assembly: Any, artifact: str) -> dict[str, Any]:
        return json.loads(Path(assembly.directory, f"{artifact}.assets.json").read_text())

    return read


@pytest.fixture
def dependencies() -> Callable[[Any, str], set[str]]:
    """The stacks that a stack, or its asset manifest, comes after, by artifact name, as the CLI reads them."""

    def read(assembly: Any, artifact: str) -> set[str]:
        entries = json.loads(Path(assembly.directory, "manifest.json").read_text())["artifacts"]
        names = entries[artifact].get("dependencies", [])
        return {name for name in names if entries[name]["type"] == "aws:cloudformation:stack"}

    return read


@pytest.fixture
def artifact() -> Callable[[Any, str], dict[str, Any]]:
    """An entry of the assembly's manifest, by its name."""

    def read(assembly: Any, name: str) -> dict[str, Any]:
        return json.loads(Path(assembly.directory, "manifest.json").read_text())["artifacts"][name]

    return read


def region(name: str, account: str = "111122223333") -> cdk.Environment:
    return cdk.Environment(account=account, region=name)
