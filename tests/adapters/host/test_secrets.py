"""Build secrets reach a tool of this machine as they reach the stage, or the stage is left to an engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer import BuildSecret
from optimizer.adapters.host.secrets import secret_obstacle, secret_variables
from optimizer.errors import EngineError


@pytest.mark.parametrize("name", ["UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_HOUSE_PASSWORD", "PIP_INDEX_URL", "https_proxy", "HOUSE_TOKEN"])
def test_what_names_an_index_or_stands_in_the_lock_is_given(name: str) -> None:
    assert secret_obstacle([BuildSecret("x", from_env="X", to_env=name)], {"HOUSE_TOKEN"}) == ""


@pytest.mark.parametrize(
    "name",
    ["PATH", "LD_PRELOAD", "HOUSE_TOKEN", "NETRC", "SSL_CERT_FILE", "SSL_CERT_DIR", "UV_CONFIG_FILE", "UV_KEYRING_PROVIDER", "PIP_CERT"],
)
def test_what_may_mean_something_else_here_is_an_obstacle(name: str) -> None:
    """Files and programs of the stage, and variables that start programs."""
    assert name in secret_obstacle([BuildSecret("x", from_env="X", to_env=name)], ())


@pytest.mark.parametrize("path", ["/root/.config/uv/uv.toml", "/root/.gitconfig", None])
def test_a_file_of_the_stage_is_an_obstacle(path: str | None) -> None:
    assert "is a file of the stage" in secret_obstacle([BuildSecret("x", from_env="X", to_file=path)], ())


def test_a_netrc_file_is_given_to_this_user_alone(tmp_path: Path) -> None:
    (tmp_path / "source").write_text("machine example.com login a password b\n")
    secret = BuildSecret("x", from_file="source", to_file="/root/.netrc")
    assert secret_obstacle([secret], ()) == ""
    (tmp_path / "home").mkdir()
    found = dict(secret_variables([secret], {"x": f"src={tmp_path}/source"}, tmp_path / "home"))
    path = Path(found["NETRC"])
    assert path.read_text() == "machine example.com login a password b\n"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("source", ["env=HOUSE_INDEX", "type=env,env=HOUSE_INDEX", "type=env,src=HOUSE_INDEX"])
def test_a_value_comes_from_the_environment(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source is that of the build, which may be another than the specification's."""
    monkeypatch.setenv("HOUSE_INDEX", "https://u:p@example.com/simple\n\n")
    secret = BuildSecret("x", from_env="OTHER", to_env="UV_DEFAULT_INDEX")
    assert dict(secret_variables([secret], {"x": source}, tmp_path)) == {"UV_DEFAULT_INDEX": "https://u:p@example.com/simple"}


@pytest.mark.parametrize("source", ["src={}/value", "type=file,src={}/value", "type=file,source={}/value"])
def test_a_value_comes_from_a_file(source: str, tmp_path: Path) -> None:
    (tmp_path / "value").write_text("hunter2\n")
    secret = BuildSecret("x", from_file="value", to_env="UV_DEFAULT_INDEX")
    assert dict(secret_variables([secret], {"x": source.format(tmp_path)}, tmp_path)) == {"UV_DEFAULT_INDEX": "hunter2"}


def test_a_secret_that_is_empty_or_missing_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an empty one, uv would go to the public index."""
    monkeypatch.delenv("HOUSE_INDEX", raising=False)
    secret = BuildSecret("house", from_env="HOUSE_INDEX", to_env="UV_DEFAULT_INDEX")
    with pytest.raises(EngineError, match='"house" is empty') as caught:
        dict(secret_variables([secret], {"house": "env=HOUSE_INDEX"}, tmp_path))
    assert caught.value.faults[0].hint == "set HOUSE_INDEX where the image is published"
    with pytest.raises(EngineError, match='"house" cannot be read'):
        dict(secret_variables([secret], {"house": f"src={tmp_path}/nothing"}, tmp_path))
    with pytest.raises(EngineError, match='"house" has no source'):
        dict(secret_variables([secret], {}, tmp_path))
