"""Asks a credential helper of Docker for a login.

A helper is a program ``docker-credential-NAME`` on PATH that reads a server's
address from stdin and writes a JSON object to stdout.

Source: https://github.com/docker/docker-credential-helpers#development
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from optimizer.adapters import record
from optimizer.adapters.registry.login import Login
from optimizer.adapters.registry.messages import clean
from optimizer.errors import RegistryError

_TIMEOUT_S = 60.0
"""Time for a person to unlock a keychain."""

_NOT_FOUND = "credentials not found in native keychain"
_IDENTITY_TOKEN = "<token>"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialHelper:
    """A helper as a configuration file names it: ``setting`` is ``credsStore`` or ``credHelpers``."""

    name: str
    setting: str
    config: Path

    def login(self, host: str, server: str) -> Login | None:
        """The login that the helper has for a server's address; None where it has none.

        ``host`` is the registry's host, as errors and ``docker login`` name it.
        Raises RegistryError where the helper is missing, fails, gives no
        answer within 60 seconds or one that cannot be read.
        """
        out = self._run(host, server)
        if out is None:
            return None
        try:
            document = json.loads(out)
        except (ValueError, RecursionError):
            document = None
        # Docker reads the names of fields in any case, and an empty answer as none: docker-credential-pass gives one.
        fields = {str(name).lower(): value for name, value in document.items()} if isinstance(document, dict) else {}
        username, secret = (fields.get(name) or "" for name in ("username", "secret"))
        if not {"username", "secret"} <= fields.keys() or not isinstance(username, str) or not isinstance(secret, str):
            # The answer may hold the secret, so it is not shown.
            raise self._error(host, 'its answer is not a JSON object with "Username" and "Secret"', f"update it, or {self._without(host)}")
        login = Login(identity_token=secret) if username == _IDENTITY_TOKEN else Login(username=username, password=secret)
        return login if login.usable else None

    def _run(self, host: str, server: str) -> str | None:
        """What the helper writes; None where it has no credentials."""
        path = self._path(host)
        try:
            # As Docker does: the address without a line end, on stdin.
            ended: subprocess.CompletedProcess[str] = record.run(
                [path, "get"], input=server, capture_output=True, check=False, timeout=_TIMEOUT_S, encoding="utf-8", errors="replace"
            )
        except subprocess.TimeoutExpired:
            raise self._error(
                host, f"no answer within {_TIMEOUT_S:.0f} seconds", "unlock the keychain that it reads, and run the command again"
            ) from None
        except OSError as error:
            raise self._error(host, f"it cannot be run: {error.strerror}", f"install it again, or {self._without(host)}") from None
        if ended.returncode == 0:
            return ended.stdout
        if ended.stdout.strip() == _NOT_FOUND:
            return None
        raise self._error(
            host,
            f"it ended with exit code {ended.returncode}{_shown(ended.stdout) or _shown(ended.stderr)}",
            f"fix what it reports, or log in again with `docker login {host}`",
        )

    def _path(self, host: str) -> str:
        if not self.name.isprintable() or "/" in self.name or "\\" in self.name:
            raise RegistryError(
                f'"{self.setting}" in "{self.config}" names the credential helper "{clean(self.name)}"; '
                "allowed: NAME of a program docker-credential-NAME on PATH, without a directory",
                hint=f"name a helper that is installed, or {self._without(host)}",
            )
        path = shutil.which(self._program)
        # Docker too runs nothing out of the current directory, which a relative entry of PATH would mean.
        if path is None or not os.path.isabs(path):
            raise self._error(host, "there is no such program on PATH", f"install it, or {self._without(host)}")
        return path

    @property
    def _program(self) -> str:
        return f"docker-credential-{self.name}"

    def _without(self, host: str) -> str:
        return f'remove it from "{self.setting}" and log in again with `docker login {host}`'

    def _error(self, host: str, problem: str, hint: str) -> RegistryError:
        return RegistryError(
            f'credential helper "{self._program}", which "{self.setting}" in "{self.config}" names, gives no login for "{host}": {problem}',
            hint=hint,
        )


def _shown(output: str) -> str:
    """``: TEXT`` of what a failed helper wrote; empty where that is nothing, or looks like an answer, which holds a secret."""
    text = output.strip()
    return f": {clean(text)}" if text and "{" not in text else ""
