from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from optimizer.adapters.registry.credentials import default_credentials
from optimizer.adapters.registry.docker_config import DockerConfigCredentials
from optimizer.adapters.registry.login import Login
from optimizer.errors import RegistryError


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    yield tmp_path / "config.json"


def test_stored_logins_are_found_by_host(config: Path) -> None:
    def auth(text: str) -> dict[str, str]:
        return {"auth": base64.b64encode(text.encode()).decode()}

    auths = {"127.0.0.1:5000": auth("me:a:b"), "https://index.docker.io/v1/": auth("hub:c"), "helper.example.com": {}}
    config.write_text(json.dumps({"auths": auths}))
    credentials = default_credentials()
    assert credentials.login("127.0.0.1:5000") == Login(username="me", password="a:b")
    assert credentials.login("docker.io") == Login(username="hub", password="c")
    assert credentials.login("helper.example.com") is None
    assert credentials.login("other.example.com") is None


def test_no_file_and_no_logins_mean_anonymous(config: Path) -> None:
    assert DockerConfigCredentials().login("example.com") is None
    config.write_text("{}")
    assert DockerConfigCredentials().login("example.com") is None


@pytest.mark.parametrize(
    "text", ["not json", "[]", '{"auths": 3}', '{"auths": {"example.com": 3}}', '{"auths": {"example.com": {"auth": "%"}}}']
)
def test_fails_for_a_file_that_cannot_be_read(config: Path, text: str) -> None:
    config.write_text(text)
    with pytest.raises(RegistryError) as raised:
        DockerConfigCredentials().login("example.com")
    assert str(raised.value).startswith(f'the logins in "{config}" cannot be read: ')
    assert str(raised.value).endswith("\n  hint: fix the file, or log in again with `docker login example.com`")
