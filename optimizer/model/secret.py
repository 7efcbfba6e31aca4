"""Build secrets: values that a build needs and no image may keep."""

from __future__ import annotations

import csv
import io
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from optimizer.model.field_texts import field_texts
from optimizer.model.fields import FieldFault, FieldType, declared, list_of, optional, typed


def _matching(pattern: str, example: str) -> FieldType:
    compiled = re.compile(pattern)

    def read(value: Any) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise FieldFault(f"{value!r} is not allowed", f'for example "{example}"')
        return value

    return FieldType("text", read, {"type": "string", "pattern": f"^{pattern}$"})


def _renamed(type_: FieldType, name: str, read: Callable[[Any], Any] | None = None) -> FieldType:
    return FieldType(name, read or type_.read, type_.schema, type_.write)


_SOURCE = _matching(r"[A-Za-z0-9_./-]+", ".npmrc")


def _source(value: Any) -> str:
    if isinstance(value, str) and value.startswith("~"):
        raise FieldFault(
            f'"{value}" starts with "~", which Docker does not expand',
            'pass the content in a variable, from_env="NETRC", and set it where the image is built: NETRC="$(cat ~/.netrc)" cdk deploy; '
            "or name a file relative to the project's root, kept out of version control",
        )
    return str(_SOURCE.read(value))


_ID = _renamed(_matching(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", "pypi"), "name")
_VARIABLE = optional(_renamed(_matching(r"[A-Za-z_][A-Za-z0-9_]*", "UV_DEFAULT_INDEX"), "name of a variable"))
_FROM_FILE = optional(_renamed(_SOURCE, "path", _source))
_TO_FILE = optional(_renamed(_matching(r"/[A-Za-z0-9_./-]+", "/root/.npmrc"), "absolute path"))


@declared
class BuildSecret:
    """A secret that one step sees while it is built, and no layer keeps.

    It comes from a variable or a file of the machine that builds (exactly one
    of ``from_env`` and ``from_file``), and the step finds it in a variable or a
    file (at most one of ``to_env`` and ``to_file``).  Only the names enter the
    Dockerfile and the asset hash, never the value.  An empty secret fails the
    build before its step starts.
    Source: https://docs.docker.com/build/building/secrets/
    """

    id: str = typed(_ID, kw_only=False)
    """Name of the secret, the same in every step that uses it."""
    from_env: str | None = typed(_VARIABLE, default=None, kw_only=False)
    """Variable of the machine that builds, which holds the secret; default: none."""
    from_file: str | None = typed(_FROM_FILE, default=None, kw_only=False)
    """File of the machine that builds, which holds the secret: relative to the project's root, or absolute; `~` is not expanded; default: none."""
    to_env: str | None = typed(_VARIABLE, default=None, kw_only=False)
    """Variable in which the step finds the secret; it must be one that the step's installer reads; default: none."""
    to_file: str | None = typed(_TO_FILE, default=None, kw_only=False)
    """File in which the step finds the secret; default: `/run/secrets/<id>`."""

    @property
    def source(self) -> str:
        """The source as ``docker build --secret`` takes it: ``env=NAME`` or ``src=PATH``, the path as it is given."""
        return f"env={self.from_env}" if self.from_env else f"src={self.from_file}"

    @property
    def target(self) -> str:
        """The absolute path of the file in which the build finds the secret."""
        return self.to_file or f"/run/secrets/{self.id}"


def rebased_source(source: str, directory: str) -> str:
    """The source of a secret whose relative file starts in the directory, as seen from where the directory's own path starts.

    Sources are lines of CSV: https://docs.docker.com/reference/cli/docker/buildx/build/#secret
    """
    parts = next(csv.reader([source]), [])
    moved = []
    for part in parts:
        key, equals, value = part.partition("=")
        if key in ("src", "source") and not value.startswith("/"):
            value = posixpath.normpath(posixpath.join(directory, value))
        moved.append(f"{key}{equals}{value}")
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(moved)
    return line.getvalue()


def _read(value: Any) -> BuildSecret:
    names = [item.name for item in fields(BuildSecret)]
    if isinstance(value, Mapping):
        unknown = [key for key in value if key not in names]
        if unknown or "id" not in value:
            raise FieldFault(f"a build secret has the keys {', '.join(names)}; id is required", f"given: {', '.join(map(str, value))}")
        value = BuildSecret(**value)
    if not isinstance(value, BuildSecret):
        raise FieldFault(f"{value!r} is not a build secret", 'write BuildSecret("npm", from_env="NPM_TOKEN", to_env="NPM_TOKEN")')
    for item in fields(BuildSecret):
        try:
            item.metadata["type"].read(getattr(value, item.name))
        except FieldFault as fault:
            raise FieldFault(fault.message, fault.hint, f".{item.name}") from None
    if (value.from_env is None) == (value.from_file is None):
        raise FieldFault(f'build secret "{value.id}" needs exactly one of from_env and from_file')
    if value.to_env is not None and value.to_file is not None:
        raise FieldFault(f'build secret "{value.id}" has both to_env and to_file; allowed: at most one')
    return value


def _write(secret: BuildSecret) -> dict[str, str]:
    given = {item.name: getattr(secret, item.name) for item in fields(BuildSecret)}
    return {name: value for name, value in given.items() if value is not None}


SECRETS = list_of(
    FieldType(
        "build secret",
        _read,
        {
            "type": "object",
            "required": ["id"],
            "properties": {item.name: item.metadata["type"].schema for item in fields(BuildSecret)},
            "additionalProperties": False,
        },
        _write,
    )
)


def secrets_schema() -> dict[str, Any]:
    """The schema of :data:`SECRETS` with what each field means."""
    texts, items = field_texts(BuildSecret), SECRETS.schema["items"]
    properties = {name: {"description": texts[name], **schema} for name, schema in items["properties"].items()}
    return {**SECRETS.schema, "items": {**items, "properties": properties}}
