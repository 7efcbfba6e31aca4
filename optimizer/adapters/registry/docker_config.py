"""The logins that Docker has: in its configuration file, its credential helpers, and an environment variable.

The rules are those of the Docker CLI
(https://github.com/docker/cli/blob/v29.0.0/cli/config/configfile/file.go).
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optimizer.adapters.registry.credential_helper import CredentialHelper
from optimizer.adapters.registry.login import Login
from optimizer.errors import RegistryError

_VARIABLE = "DOCKER_AUTH_CONFIG"

# Docker Hub's logins stand under the address of its first API.
_DOCKER_HUB = "https://index.docker.io/v1/"


class DockerConfigCredentials:
    """Logins in the order in which Docker looks for them.

    First the variable ``DOCKER_AUTH_CONFIG``; then the helper that
    ``credHelpers`` names for the registry, or else that of ``credsStore``;
    without a helper, ``auths``.  A ``registrytoken`` in ``auths`` wins over a
    helper.

    ``path`` defaults to ``config.json`` under ``DOCKER_CONFIG`` or ``~/.docker``.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    def login(self, host: str) -> Login | None:
        """The login for a registry's host; None when there is none.

        Raises RegistryError when the variable or the file cannot be read, and
        when a helper fails.
        """
        found = _login_of_variable(host)
        if found is not None:
            return found
        stored, helper = self._look_up(host)
        if helper is None or stored.registry_token:
            return stored if stored.usable else None
        return helper.login(host, _server(host))

    def names(self, host: str) -> bool:
        """Whether the variable or ``credHelpers`` has an entry for this very host.

        Raises RegistryError when the variable or the file cannot be read.
        """
        if _login_of_variable(host) is not None:
            return True
        _, helper = self._look_up(host)
        return helper is not None and helper.setting == "credHelpers"

    def _look_up(self, host: str) -> tuple[Login, CredentialHelper | None]:
        """What the file itself holds for a host, and the helper that is to be asked instead."""
        path = self._path or Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"
        try:
            document = _parse(path.read_bytes())
            return _stored(_field(document, "auths", dict), _server(host)), _helper(document, _server(host), path)
        except (FileNotFoundError, NotADirectoryError):
            return Login(), None
        except (OSError, ValueError) as error:
            raise RegistryError(
                f'the logins in "{path}" cannot be read: {error}',
                hint=f"fix the file, or log in again with `docker login {host}`",
            ) from None


def _server(host: str) -> str:
    """The address under which Docker keeps what belongs to a registry."""
    return _DOCKER_HUB if host in ("docker.io", "index.docker.io") else host


def _login_of_variable(host: str) -> Login | None:
    try:
        auths = _field(_parse(os.environ.get(_VARIABLE, "")), "auths", dict)
        if _server(host) not in auths:
            return None
        login = _basic_login(_field(auths, _server(host), dict))
        if not login.usable:
            raise ValueError(f'"{_server(host)}" has no "auth" with a user name and a password')
        return login
    except ValueError as error:
        raise RegistryError(
            f'the logins in the environment variable "{_VARIABLE}" cannot be read: {error}',
            hint='set it to {"auths": {"HOST": {"auth": "…"}}} with the base64 of USER:PASSWORD, or unset it',
        ) from None


def _helper(document: Mapping[str, Any], server: str, path: Path) -> CredentialHelper | None:
    helpers = _field(document, "credHelpers", dict)
    # An empty name for a registry means no helper, also where there is one for all others.
    setting, name = (
        ("credHelpers", _field(helpers, server, str)) if server in helpers else ("credsStore", _field(document, "credsStore", str))
    )
    return CredentialHelper(name=name, setting=setting, config=path) if name else None


def _stored(auths: Mapping[str, Any], server: str) -> Login:
    # Old versions of Docker wrote URLs in place of hosts.
    keys = [server, *(key for key in auths if _host_of(key) == server)]
    entry: dict[str, Any] = next((_field(auths, key, dict) for key in keys if key in auths), {})
    basic = _basic_login(entry)
    registry_token = _field(entry, "registrytoken", str)
    if not re.fullmatch(r"[\x21-\x7e]*", registry_token):
        raise ValueError('"registrytoken" holds characters that no HTTP header may hold')
    return Login(
        username=basic.username,
        password=basic.password,
        identity_token=_field(entry, "identitytoken", str),
        registry_token=registry_token,
    )


def _basic_login(entry: Mapping[str, Any]) -> Login:
    """The user name and password of an entry, encoded in ``auth`` or plain."""
    encoded = "".join(_field(entry, "auth", str).split())
    if not encoded:
        return Login(username=_field(entry, "username", str), password=_field(entry, "password", str))
    username, _, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    if not username:
        raise ValueError('"auth" is not the base64 of USER:PASSWORD')
    return Login(username=username, password=password.strip("\0"))


def _host_of(key: str) -> str:
    return key.rpartition("://")[2].partition("/")[0]


def _parse(text: str | bytes) -> dict[str, Any]:
    """A JSON object; nothing at all is an empty one, as for Docker."""
    if not text.strip():
        return {}
    try:
        document = json.loads(text)
    except RecursionError:
        document = None
    if not isinstance(document, dict):
        raise ValueError("it is not a JSON object")
    return document


def _field(document: Mapping[str, Any], name: str, kind: type[Any]) -> Any:
    """A field of a kind, str or dict; empty where it is missing or null."""
    value = document.get(name)
    if value is None:
        return kind()
    if not isinstance(value, kind):
        raise ValueError(f'"{name}" is not {"a string" if kind is str else "a JSON object"}')
    return value
