"""The engine, the registry with the stand-ins, and the control plane, each once per session."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine import services, shared
from tests.patience import PATIENCE_S

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.engine)


@pytest.fixture(scope="session")
def engine() -> None:
    """A container engine that answers; without one the tests are skipped, or fail where one is required."""
    answer = subprocess.run(
        ["docker", "info", "--format", "{{.ServerVersion}}"], capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    if answer.returncode == 0 and answer.stdout.strip():
        return
    if os.environ.get("OPTIMIZER_REQUIRE_ENGINE") == "1":
        pytest.fail(f"OPTIMIZER_REQUIRE_ENGINE=1, and the container engine does not answer: {answer.stderr.strip()}")
    pytest.skip("no container engine answers docker info; .ci/setup-engine starts one")


@pytest.fixture(scope="session")
def registry(engine: None) -> str:
    """``host:port`` of a registry that holds the stand-ins of all base and builder images; all processes of a run share it."""
    return shared.registry()


@pytest.fixture
def hello_images(engine: None) -> Iterator[None]:
    """The images ``hello`` of this machine's engine, which more than one page of the documentation makes."""
    with shared.images_named("hello"):
        yield


@pytest.fixture(scope="session")
def running_control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of an AWS control plane, which has what the tests of this process made in it."""
    with services.control_plane(tmp_path_factory.mktemp("control-plane")) as environment:
        yield environment


@pytest.fixture(scope="module")
def control_plane(running_control_plane: dict[str, str]) -> dict[str, str]:
    """The environment of an AWS control plane that has nothing of other files, whichever ran before."""
    services.forget_all(running_control_plane)
    return running_control_plane
