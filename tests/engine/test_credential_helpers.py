"""Docker logs in through a credential helper, and the optimizer pulls with the login that the helper got."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.credentials import DefaultCredentials
from optimizer.errors import RegistryError
from optimizer.model.reference import ImageReference
from tests.engine import services
from tests.patience import PATIENCE_S

# The user "me" with the password "se:cret", as bcrypt.
USERS = "me:$2b$04$lambdaimageoptimizer..sf3wIyi/UvQUunWmAjhZymVlApnkc/2\n"

# The whole protocol: https://github.com/docker/docker-credential-helpers#development
KEEPER = """#!{python}
import json, pathlib, sys

kept = pathlib.Path({kept!r})
logins = json.loads(kept.read_text()) if kept.exists() else {{}}
action, given = sys.argv[1], sys.stdin.read()
if action == "get":
    if given not in logins:
        print("credentials not found in native keychain")
        sys.exit(1)
    print(json.dumps(logins[given]))
elif action == "store":
    login = json.loads(given)
    logins[login["ServerURL"]] = login
elif action == "erase":
    logins.pop(given, None)
kept.write_text(json.dumps(logins))
"""


@pytest.fixture(scope="module")
def private(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with services.registry(tmp_path_factory.mktemp("private"), USERS) as address:
        yield address


def docker(*arguments: str, text: bytes = b"") -> bytes:
    return subprocess.run(["docker", *arguments], input=text, check=True, capture_output=True, timeout=PATIENCE_S).stdout


def names_in_layer(reference: ImageReference) -> list[str]:
    """The names in the one layer of an image for linux/amd64, which is pulled whole."""
    with HttpRegistry(DefaultCredentials()) as registry:
        assert set(registry.resolve(reference).platforms) == {"amd64"}
        (layer,) = json.loads(registry.fetch_manifest(reference).body)["layers"]
        with registry.open_blob(reference, layer["digest"], layer["size"]) as blob:
            data = gzip.decompress(blob.read())
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return archive.getnames()


@pytest.mark.parametrize("per_registry", [True, False], ids=["credHelpers", "credsStore"])
def test_a_login_that_docker_gave_to_a_helper_pulls(
    private: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, per_registry: bool
) -> None:
    helper, kept = tmp_path / "docker-credential-keeper", tmp_path / "kept.json"
    helper.write_text(KEEPER.format(python=sys.executable, kept=str(kept)))
    helper.chmod(0o755)
    settings = {"credHelpers": {private: "keeper"}} if per_registry else {"credsStore": "keeper"}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    reference = ImageReference.parse(f"{private}/shop:1")
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("greeting"), io.BytesIO())

    docker("import", "--platform", "linux/amd64", "-", str(reference), text=layer.getvalue())
    docker("login", "--username", "me", "--password-stdin", private, text=b"se:cret")
    assert "se:cret" not in (tmp_path / "config.json").read_text()
    assert json.loads(kept.read_text())[private]["Secret"] == "se:cret"
    docker("push", str(reference))

    assert names_in_layer(reference) == ["greeting"]

    docker("logout", private)
    with pytest.raises(RegistryError, match="requires a login"):
        names_in_layer(reference)
