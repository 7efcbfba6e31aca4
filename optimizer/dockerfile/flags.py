"""Which flags an instruction takes, and which values they may have.

The tables are those of the ``instructions`` package of BuildKit 0.27
(https://github.com/moby/buildkit/tree/master/frontend/dockerfile/instructions), with what Buildah takes besides
(https://github.com/openshift/imagebuilder): only what no builder accepts is a problem.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping

from optimizer.dockerfile.instruction import Flag, Instruction, Problem
from optimizer.dockerfile.mounts import mount_problems
from optimizer.errors import did_you_mean


class _Kind(enum.Enum):
    """What a flag takes."""

    SWITCH = "no value, true or false"
    ONE = "a value"
    MANY = "a value, and may be given several times"


_SWITCH, _ONE, _MANY = _Kind.SWITCH, _Kind.ONE, _Kind.MANY

_FLAGS: Mapping[str, Mapping[str, _Kind]] = {
    "ADD": {
        "chmod": _ONE,
        "checksum": _ONE,
        "chown": _ONE,
        "exclude": _MANY,
        "keep-git-dir": _SWITCH,
        "link": _SWITCH,
        "unpack": _SWITCH,
    },
    "COPY": {"chmod": _ONE, "chown": _ONE, "exclude": _MANY, "from": _ONE, "link": _SWITCH, "parents": _SWITCH},
    # Buildah has `after`.
    "FROM": {"after": _MANY, "platform": _ONE},
    "HEALTHCHECK": {"interval": _ONE, "retries": _ONE, "start-interval": _ONE, "start-period": _ONE, "timeout": _ONE},
    "RUN": {"device": _MANY, "mount": _MANY, "network": _ONE, "security": _ONE},
}
_NOT_READ = ("ARG", "STOPSIGNAL")
"""Instructions whose flags BuildKit drops without a look at them."""

_WORDS = {"network": ("default", "host", "none"), "security": ("insecure", "sandbox")}
_OCTAL = re.compile(r"0*[0-7]{1,4}")
_SYMBOLIC = re.compile(r"[ugoa]*(?:[-+=](?:[rwxXst]+|[ugo])?)+(?:,[ugoa]*(?:[-+=](?:[rwxXst]+|[ugo])?)+)*")
_DURATION = re.compile(r"[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_DIGITS = {"sha256": 64, "sha384": 96, "sha512": 128}
_MOST_RETRIES = 2**31 - 1


def flag_problems(instruction: Instruction) -> Iterator[Problem]:
    """What no builder accepts of the instruction's flags, in order."""
    keyword = instruction.keyword
    if not instruction.flags or keyword in _NOT_READ or (keyword == "HEALTHCHECK" and instruction.arguments.upper() == "NONE"):
        return
    allowed = _FLAGS.get(keyword, {})
    seen: set[str] = set()
    for flag in instruction.flags:
        found = _problem(keyword, flag, allowed, flag.name in seen)
        seen.add(flag.name)
        if found:
            message, hint = found
            yield Problem(message, instruction.at(flag), hint)
        elif flag.name == "mount":
            yield from mount_problems(instruction, flag)


def _problem(keyword: str, flag: Flag, allowed: Mapping[str, _Kind], again: bool) -> tuple[str, str] | None:
    """Message and hint; None for a flag that is right."""
    kind, shown = allowed.get(flag.name), f"--{flag.name[:40]}"
    if kind is None:
        known = ", ".join(f"--{name}" for name in sorted(allowed))
        hint = did_you_mean(flag.name[:40], sorted(allowed)) or (f"allowed: {known}" if known else f"{keyword} takes no flags")
        return f"{keyword} takes no flag {shown}", hint
    if again and kind is not _MANY:
        return f"{shown} is given twice", "remove one of them"
    if kind is _SWITCH:
        if flag.value is not None and flag.value.lower() not in ("true", "false"):
            return f'{shown} takes true or false, and not "{flag.value[:40]}"', f"write {shown}, or leave it out"
        return None
    if flag.value is None:
        return f"{shown} needs a value", f"write {shown}=value"
    return None if not flag.value or "$" in flag.value else _of_value(keyword, flag.name, flag.value)


def _of_value(keyword: str, name: str, value: str) -> tuple[str, str] | None:
    shown = value[:40]
    words = _WORDS.get(name)
    if words is not None and value not in words:
        return f'--{name} does not take "{shown}"', f"allowed: {', '.join(words)}"
    if name == "chmod" and not _OCTAL.fullmatch(value) and not _SYMBOLIC.fullmatch(value):
        return f'"{shown}" is no mode', "write an octal number such as 755, or u=rwX,go=rX"
    # A commit of a Git repository has no algorithm in front.
    if name == "checksum" and (value.startswith("sha") or ":" in value) and not _is_digest(value):
        return f'"{shown}" is no checksum', "write sha256: and 64 hexadecimal digits"
    if keyword == "HEALTHCHECK":
        return _of_check(name, value)
    return None


def _is_digest(value: str) -> bool:
    algorithm, colon, digits = value.partition(":")
    return not colon or (len(digits) == _DIGITS.get(algorithm) and re.fullmatch(r"[0-9a-f]+", digits) is not None)


def _of_check(name: str, value: str) -> tuple[str, str] | None:
    if name == "retries":
        if re.fullmatch(r"\+?\d+", value) and int(value) <= _MOST_RETRIES:
            return None
        return f'"{value[:40]}" is no number of retries', "write a whole number"
    if _DURATION.fullmatch(value) is None or value.startswith("-"):
        return f'"{value[:40]}" is no duration', "write a number and a unit, such as 30s"
    return None
