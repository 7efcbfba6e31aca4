"""What an installer of Node.js packages would do otherwise on another machine, as far as its lock tells.

It passes over an optional package whose ``engines`` do not hold the Node.js
that it runs on, without a word.  It takes the target's platform from its
options, but the Node.js from nowhere else; and npm holds packages that are not
optional to the platform that it runs on.
Source: https://docs.npmjs.com/cli/configuring-npm/package-json#engines
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.locks.nodejs import load_json, load_yaml, names, table
from optimizer.locks.ranges import same_answer

_OLDEST_NPM = ("10.8.0", "11.0.0")
_OLDEST_NODE = {18: "18.20.5", 20: "20.16.0", 22: "22.3.0"}
"""The first releases with npm 10.8; those of later major versions all have a newer one.

Source: https://nodejs.org/dist/index.json
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeMachine:
    """The machine that an installer runs on: exact versions, and the platform in the words of package.json."""

    node: str
    npm: str
    cpu: str
    os: str


def npm_differences(lock: str, machine: NodeMachine, major: int) -> Iterator[str]:
    """Why npm may install something else on the machine than on Linux with some Node.js of a major version, in a few words each.

    The text of the lock is one of npm.
    """
    packages = table((load_json(lock) or {}).get("packages"))
    if not packages:
        yield "its lock file has the first format, which does not record what packages need"
    for path, value in packages.items():
        entry = table(value)
        name = path.rpartition("node_modules/")[2]
        if entry.get("optional") or entry.get("devOptional"):
            engines = table(entry.get("engines"))
            yield from _node_difference(name, engines, machine, major)
            wanted = engines.get("npm")
            if wanted is not None and not all(same_answer(str(wanted), machine.npm, npm) for npm in _OLDEST_NPM):
                yield f'the optional package "{name}" is for npm {wanted}'
        elif path and not entry.get("dev") and not (_allows(entry, "os", machine.os) and _allows(entry, "cpu", machine.cpu)):
            yield f'npm installs "{name}" on its own platform only'


def pnpm_differences(lock: str, machine: NodeMachine, major: int) -> Iterator[str]:
    """The same for pnpm; the text is a lock of its version 9 or newer."""
    data = load_yaml(lock) or {}
    optional = {key.partition("(")[0] for key, value in table(data.get("snapshots")).items() if table(value).get("optional")}
    for key, value in table(data.get("packages")).items():
        if key in optional:
            yield from _node_difference(key, table(table(value).get("engines")), machine, major)


def _node_difference(name: str, engines: Mapping[str, Any], machine: NodeMachine, major: int) -> Iterator[str]:
    wanted = engines.get("node")
    if wanted is not None and not same_answer(str(wanted), machine.node, _OLDEST_NODE.get(major, f"{major}.0.0")):
        yield f'the optional package "{name}" is for Node.js {wanted}, and this machine has {machine.node}'


def _allows(entry: Mapping[str, Any], field: str, value: str) -> bool:
    """Whether a list such as ``["linux"]`` or ``["!win32"]`` allows a word."""
    given = entry.get(field)
    words = (given,) if isinstance(given, str) else names(given)
    wanted = [word for word in words if not word.startswith("!")]
    return f"!{value}" not in words and (not wanted or value in wanted or "any" in wanted)
