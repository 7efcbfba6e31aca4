"""Build secrets: values that a build needs and no image may keep."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.model.fields import FieldFault, FieldType, list_of

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILE = re.compile(r"/[A-Za-z0-9_./-]+")
_SOURCE = re.compile(r"[A-Za-z0-9_./~-]+")
_KEYS = ("id", "from_env", "from_file", "to_env", "to_file")


@dataclass(frozen=True, slots=True)
class BuildSecret:
    """A secret that one step sees while it is built, and no layer keeps.

    It comes from the variable ``from_env`` or the file ``from_file`` of the
    machine that builds (exactly one), and the step finds it in the variable
    ``to_env`` or the file ``to_file`` (at most one; by default in
    ``/run/secrets/<id>``).  Only the names enter the Dockerfile and the asset
    hash, never the value.
    Source: https://docs.docker.com/build/building/secrets/
    """

    id: str
    from_env: str | None = None
    from_file: str | None = None
    to_env: str | None = None
    to_file: str | None = None

    @property
    def source(self) -> str:
        """The source as ``docker build --secret`` takes it: ``env=NAME`` or ``src=PATH``."""
        return f"env={self.from_env}" if self.from_env else f"src={self.from_file}"

    @property
    def target(self) -> str:
        """The absolute path of the file in which the build finds the secret."""
        return self.to_file or f"/run/secrets/{self.id}"


def _read(value: Any) -> BuildSecret:
    if isinstance(value, Mapping):
        unknown = [key for key in value if key not in _KEYS]
        if unknown or "id" not in value:
            raise FieldFault(f"a build secret has the keys {', '.join(_KEYS)}; id is required", f"given: {', '.join(map(str, value))}")
        value = BuildSecret(**value)
    if not isinstance(value, BuildSecret):
        raise FieldFault(f"{value!r} is not a build secret", 'write BuildSecret("pypi", from_env="PIP_INDEX_URL", to_env="PIP_INDEX_URL")')
    for name, text, pattern, example in (
        ("id", value.id, _ID, "pypi"),
        ("from_env", value.from_env, _VARIABLE, "PIP_INDEX_URL"),
        ("from_file", value.from_file, _SOURCE, ".npmrc"),
        ("to_env", value.to_env, _VARIABLE, "PIP_INDEX_URL"),
        ("to_file", value.to_file, _FILE, "/root/.npmrc"),
    ):
        if text is None and name != "id":
            continue
        if not isinstance(text, str) or not pattern.fullmatch(text):
            raise FieldFault(f"{text!r} is not allowed", f'for example "{example}"', f".{name}")
    if (value.from_env is None) == (value.from_file is None):
        raise FieldFault(f'build secret "{value.id}" needs exactly one of from_env and from_file')
    if value.to_env is not None and value.to_file is not None:
        raise FieldFault(f'build secret "{value.id}" has both to_env and to_file; allowed: at most one')
    return value


def _write(secret: BuildSecret) -> dict[str, str]:
    return {key: getattr(secret, key) for key in _KEYS if getattr(secret, key) is not None}


SECRETS = list_of(
    FieldType(
        "build secret",
        _read,
        {
            "type": "object",
            "required": ["id"],
            "properties": {key: {"type": "string"} for key in _KEYS},
            "additionalProperties": False,
        },
        _write,
    )
)
