"""Logins that ``docker login`` has stored."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

from optimizer.adapters.registry.login import Login
from optimizer.errors import RegistryError


class DockerConfigCredentials:
    """Logins that ``docker login`` stored in its configuration file, without credential helpers.

    ``path`` defaults to ``config.json`` under ``DOCKER_CONFIG`` or ``~/.docker``.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    def login(self, host: str) -> Login | None:
        """The stored login for a host; None when there is none.

        Raises RegistryError when the file cannot be read.
        """
        path = self._path or Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"
        try:
            auths = json.loads(path.read_bytes()).get("auths") or {}
            # Docker Hub's logins stand under the address of its first API.
            entry = auths.get("https://index.docker.io/v1/" if host == "docker.io" else host)
            encoded = entry["auth"] if entry and entry.get("auth") else ""
            username, _, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise RegistryError(
                f'the logins in "{path}" cannot be read: {error}',
                hint=f"fix the file, or log in again with `docker login {host}`",
            ) from None
        return Login(username=username, password=password) if username else None
