"""What a ``RUN --mount`` may hold.

Source: ``commands_runmount.go`` of BuildKit's ``instructions`` package, and
https://github.com/containers/buildah/blob/main/docs/buildah-run.1.md for what Buildah takes besides.  The type is read
first, wherever it stands; BuildKit wants it before the fields that depend on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from optimizer.dockerfile.instruction import Flag, Instruction, Problem
from optimizer.errors import did_you_mean

TYPES = ("bind", "cache", "secret", "ssh", "tmpfs")
"""The types of mounts."""

_KEYS = frozenset(
    ["dst", "destination", "env", "from", "gid", "id", "mode", "readonly", "readwrite", "required", "ro", "rw", "sharing", "size", "source", "src", "target", "type", "uid"]
)  # fmt: skip
_OF_BUILDAH = frozenset(
    ["bind-propagation", "consistency", "no-dereference", "nodev", "noexec", "nosuid", "private", "relabel", "rprivate", "rshared", "rslave", "shared", "slave", "tmpcopyup", "tmpfs-mode", "tmpfs-size", "u", "upperdir", "workdir", "z"]
)  # fmt: skip
_WITHOUT_VALUE = frozenset(["readonly", "readwrite", "required", "ro", "rw"]) | _OF_BUILDAH
_SHARINGS = ("locked", "private", "shared")
_TRUTH = re.compile(r"1|t|true|0|f|false", re.IGNORECASE)
_ONLY_FOR = {
    "gid": ("cache", "secret", "ssh"),
    "mode": ("cache", "secret", "ssh"),
    "required": ("secret", "ssh"),
    "sharing": ("cache",),
    "size": ("tmpfs",),
    "uid": ("cache", "secret", "ssh"),
}


def mount_problems(instruction: Instruction, flag: Flag) -> Iterator[Problem]:
    """What no builder accepts of one mount."""
    value = flag.value or ""
    # Quotes of CSV are rare, and hide what the fields are.
    if '"' in value:
        return
    for message, hint in dict.fromkeys(_faults([part.partition("=") for part in value.split(",")])):
        yield Problem(message, instruction.at(flag), hint)


def _faults(parts: list[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
    fields = {key.lower(): value for key, _, value in parts}
    kind = fields.get("type", "bind").lower()
    if "$" in kind:
        return
    if kind not in TYPES:
        yield f'"{kind[:40]}" is no type of mount', did_you_mean(kind[:40], TYPES) or f"allowed: {', '.join(TYPES)}"
        return
    faulty = False
    for key, equals, value in parts:
        found = _of_field(kind, key.lower(), equals, value)
        if found:
            faulty = True
            yield found
    # A field that is wrong may be what is missing.
    if faulty:
        return
    if kind == "secret":
        yield from _of_secret(fields)


def _of_field(kind: str, key: str, equals: str, value: str) -> tuple[str, str] | None:
    shown = key[:40]
    if key not in _KEYS and key not in _OF_BUILDAH:
        return f'a mount has no field "{shown}"', did_you_mean(shown, sorted(_KEYS)) or f"allowed: {', '.join(sorted(_KEYS))}"
    if not equals and key not in _WITHOUT_VALUE:
        return f'the field "{shown}" of a mount needs a value', f"write {shown}=value"
    if key == "from" and re.search(r"\$.", value):
        return "the stage of a mount is no variable", "write FROM $IMAGE AS name above, and from=name here"
    if key in _ONLY_FOR and kind not in _ONLY_FOR[key]:
        return f'a mount of type {kind} has no field "{shown}"', f"allowed for: {', '.join(_ONLY_FOR[key])}"
    return _of_value(key, value) if equals and "$" not in value else None


def _of_value(key: str, value: str) -> tuple[str, str] | None:
    shown = value[:40]
    if key == "sharing" and value.lower() not in _SHARINGS:
        return f'"{shown}" is no way to share a cache', f"allowed: {', '.join(_SHARINGS)}"
    if key == "mode" and not re.fullmatch(r"[0-7]+", value):
        return f'"{shown}" is no mode', "write an octal number such as 0755"
    if key in ("uid", "gid") and not re.fullmatch(r"\d+", value):
        return f'"{shown}" is no {key}', "write a whole number"
    if key in ("readonly", "readwrite", "required", "ro", "rw") and not _TRUTH.fullmatch(value):
        return f'"{shown}" is neither true nor false', f"write {key}, or leave it out"
    return None


def target_of(fields: Mapping[str, str]) -> str:
    """Where the mount is seen; empty for the working directory."""
    return fields.get("target") or fields.get("dst") or fields.get("destination") or ""


def _of_secret(fields: dict[str, str]) -> Iterator[tuple[str, str]]:
    if fields.get("from"):
        yield "a secret comes from no stage", "remove from"
    source = fields.get("source") or fields.get("src")
    if not source and not target_of(fields) and not fields.get("id"):
        yield "the secret has no name", "write --mount=type=secret,id=name"
    elif source and fields.get("id"):
        yield "the secret has a source and an id", "remove one of them"
