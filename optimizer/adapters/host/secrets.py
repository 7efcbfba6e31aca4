"""Build secrets for a tool on this machine: variables that it reads, and nothing that could mean something else here."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from optimizer.errors import EngineError
from optimizer.model.secret import BuildSecret
from optimizer.toolchains.installers import INSTALLERS, PROXIES

_NETRC = "/root/.netrc"
# Their values are files or programs of the stage, or send what is asked for past the checks of this machine.
_OF_THE_STAGE = re.compile(r"(?:NETRC|CONFIG_FILE|_CERT|_CERT_FILE|_CERT_DIR|_DIR|_BUNDLE|KEYRING_PROVIDER)$")


def secret_obstacle(secrets: Iterable[BuildSecret], mentioned: Collection[str]) -> str:
    """Why a tool of this machine cannot get the secrets as the stage does; empty where it can.

    ``mentioned`` are the variables that the lock names.
    """
    for secret in secrets:
        if secret.to_env is None:
            if secret.target != _NETRC:
                return f'its build secret "{secret.id}" is a file of the stage, {secret.target}'
        elif not _is_harmless(secret.to_env) and secret.to_env not in mentioned:
            return f'its build secret "{secret.id}" sets {secret.to_env}, which may mean something else on this machine'
    return ""


def _is_harmless(name: str) -> bool:
    uv, pip = INSTALLERS["uv"], INSTALLERS["pip"]
    return name in PROXIES or ((uv.reads_variable(name) or name in pip.indexes) and not _OF_THE_STAGE.search(name))


def secret_variables(secrets: Iterable[BuildSecret], sources: Mapping[str, str], directory: Path) -> Iterator[tuple[str, str]]:
    """The variables that give a tool the secrets; files are written to the directory, for this user alone.

    ``sources`` are those of the secrets by id, as ``docker build --secret``
    takes them, with absolute paths.  Raises :class:`EngineError` for a secret
    that is missing or empty.
    """
    for secret in secrets:
        value = _value(secret, sources.get(secret.id))
        if secret.to_env:
            yield secret.to_env, value
            continue
        path = directory / "netrc"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(f"{value}\n")
        yield "NETRC", str(path)


def _value(secret: BuildSecret, source: str | None) -> str:
    """The value as the stage's shell reads it, without the ends of lines that it ends with.

    Source: https://docs.docker.com/reference/cli/docker/buildx/build/#secret
    """
    if source is None:
        raise EngineError(f'the build secret "{secret.id}" has no source', secret.id, "run cdk synth again")
    parts = {key: value for key, _, value in (part.partition("=") for part in next(csv.reader([source]), []))}
    variable = parts.get("env") or (parts.get("src", "") if parts.get("type") == "env" else "")
    path = parts.get("src") or parts.get("source") or ""
    hint = f"set {secret.from_env} where the image is published"
    if variable:
        value = os.environ.get(variable, "")
    else:
        hint = f"fill the file {secret.from_file}"
        try:
            value = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise EngineError(f'the build secret "{secret.id}" cannot be read from "{path}": {error}', secret.id, hint) from None
    if not value.strip("\n"):
        raise EngineError(f'the build secret "{secret.id}" is empty', secret.id, hint)
    return value.rstrip("\n")
