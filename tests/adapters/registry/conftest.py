from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.registry.helpers import DockerHome
from tests.adapters.registry_server import RegistryServer, serving


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DockerHome:
    return DockerHome(tmp_path, monkeypatch)


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    with serving() as registry:
        yield registry
