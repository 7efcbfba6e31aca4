"""The lock from which code without a Dockerfile gets its packages: the nearest one, or that of its workspace."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.adoption.guesses import Guess
from optimizer.adoption.proposal import NotCarried
from optimizer.adoption.reading import json_of, text_of, toml_of
from optimizer.locks.files import ProjectFiles, is_file, joined, upwards
from optimizer.locks.managers import MANAGERS, UNREAD_LOCKS, PackageManager, lock_names, manager_of
from optimizer.locks.python import LockFault
from optimizer.locks.uv import NAME as UV_LOCK
from optimizer.locks.uv import read_uv_lock
from optimizer.model import steps

_STEPS: Mapping[str, type[steps.Step]] = {
    "python": steps.PythonDependencies,
    "nodejs": steps.NodeDependencies,
    "ruby": steps.RubyDependencies,
}
_PYLOCK = "pylock.toml"
_REQUIREMENTS = "requirements.txt"
_GEM = re.compile(r"^\s*gem[\s(]", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What installs the packages of a function; ``step`` is None where it needs none, or where they are not locked."""

    step: steps.Step | None = None
    guesses: tuple[Guess, ...] = ()
    not_carried: tuple[NotCarried, ...] = ()


def dependencies(family: str, directory: str, files: ProjectFiles, apps: Collection[str] = ()) -> Dependencies:
    """The packages of the code in a directory.

    Looked for in the directory and above it; what stands beside the program of
    a CDK app, in one of the directories ``apps``, is that program's own.
    """
    if family not in _STEPS:
        return Dependencies()
    manifest = None
    for above in upwards(directory):
        if above in apps and above != directory:
            continue
        lock = next((joined(above, name) for name in _locks(family) if is_file(files, joined(above, name))), None)
        if lock is not None and (manifest is None or (member := _member(family, lock, manifest, files)) is not None):
            return _locked(family, lock, directory, above, None if manifest is None else member)
        if manifest is None:
            manifest = next((joined(above, name) for name in _manifests(family) if is_file(files, joined(above, name))), None)
    if manifest is None or not _needs(manifest, files):
        return Dependencies()
    return Dependencies(not_carried=(_unlocked(family, manifest, files),))


def _unlocked(family: str, manifest: str, files: ProjectFiles) -> NotCarried:
    """What stands for the packages of a manifest without a lock that a step reads."""
    directory = manifest.rpartition("/")[0] or "."
    converted = UNREAD_LOCKS.get(family, {})
    unread = next((name for name in converted if is_file(files, joined(directory, name))), None)
    if unread is not None:
        return NotCarried(
            f'"{manifest}" names packages, and no step reads "{joined(directory, unread)}", which has their versions',
            f"make a lock of it that is read, and run init again: {converted[unread]}",
        )
    creates = _writer(family, manifest, files)
    return NotCarried(
        f'"{manifest}" names packages, and no lock file beside it has their versions', f"make one, and run init again: {creates.create}"
    )


def _locks(family: str) -> tuple[str, ...]:
    return (*lock_names(family), *((_PYLOCK, _REQUIREMENTS) if family == "python" else ()))


def _manifests(family: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.manifest for item in MANAGERS if item.ecosystem == family and item.manifest))


def _writer(family: str, manifest: str, files: ProjectFiles) -> PackageManager:
    """The manager that writes the lock of a manifest."""
    own = [item for item in MANAGERS if item.ecosystem == family and manifest.rpartition("/")[2] == item.manifest]
    text = text_of(files, manifest)
    poetry = next((item for item in own if item.name == "poetry" and "[tool.poetry" in text), None)
    named = next((item for item in own if family == "nodejs" and f'"packageManager": "{item.name}@' in text), None)
    return poetry or named or own[0]


def _locked(family: str, lock: str, directory: str, above: str, member: str | None) -> Dependencies:
    step = _STEPS[family](lock=lock, **({"package": member} if member else {}))  # type: ignore[call-arg, arg-type]
    of = manager_of(lock.rpartition("/")[2])
    what = f"the lock of {of.name}" if of is not None else "the file of packages"
    place = "in its directory" if above == directory else "the nearest above its directory"
    return Dependencies(step=step, guesses=(Guess(lock, f"{what}, {place}" + (f"; its member {member}" if member else "")),))


def _member(family: str, lock: str, manifest: str, files: ProjectFiles) -> str | None:
    """The name by which the lock of a workspace installs for the project of a manifest; None where it is no member."""
    top = lock.rpartition("/")[0] or "."
    own = manifest.rpartition("/")[0] or "."
    if lock.rpartition("/")[2] == UV_LOCK:
        try:
            members = read_uv_lock(text_of(files, lock)).members
        except LockFault:
            return None
        return next((name for name, path in members.items() if joined(top, path) == own), None)
    if family != "nodejs":
        return None
    workspaces = "workspaces" in json_of(files, joined(top, "package.json")) or is_file(files, joined(top, "pnpm-workspace.yaml"))
    name = json_of(files, manifest).get("name")
    return name if workspaces and isinstance(name, str) and name else None


def _needs(manifest: str, files: ProjectFiles) -> bool:
    """Whether the manifest names packages for the running function."""
    name = manifest.rpartition("/")[2]
    if name == "package.json":
        return bool(json_of(files, manifest).get("dependencies"))
    if name == "Gemfile":
        return bool(_GEM.search(text_of(files, manifest)))
    return any(_packages(toml_of(files, manifest), name))


def _packages(data: Mapping[str, Any], name: str) -> Iterator[object]:
    if name == "Pipfile":
        yield data.get("packages")
        return
    for table, key in (("project", "dependencies"), ("tool", "poetry")):
        found = data.get(table)
        value = found.get(key) if isinstance(found, dict) else None
        if table == "tool" and isinstance(value, dict):
            named = value.get("dependencies")
            value = [item for item in named if item != "python"] if isinstance(named, dict) else None
        yield value
