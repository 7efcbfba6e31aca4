"""What a lock's own tool would export, without running it: requirements of poetry.lock and Pipfile.lock, and what decides them.

For locks of registries alone: what else a lock names has no hash.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from optimizer.locks.markers import PATCH_VARIABLES, PATCHES, patch_matters
from optimizer.locks.pipenv import read_pipfile_lock
from optimizer.locks.poetry import read_poetry_lock
from optimizer.locks.python import From, LockFault, PythonLock, Wanted, parse_toml, shaped
from optimizer.locks.uv import read_uv_lock
from optimizer.model.python_names import normal_name

_UV_MARKER = re.compile(r'\bmarker = "(?P<marker>(?:[^"\\]|\\.)*)"')
# What of pyproject.toml decides what Poetry locks: the tables that it hashes, from Poetry 2.3 with the groups of all tools.
_PROJECT_KEYS = ("requires-python", "dependencies", "optional-dependencies")
_POETRY_KEYS = ("dependencies", "source", "extras", "dev-dependencies")


@lru_cache(maxsize=256)
def poetry_requirements(text: str, project: str, wanted: Wanted) -> tuple[str, ...]:
    """A requirement with hashes for each package of a poetry.lock that is wanted, sorted; ``project`` is the pyproject.toml beside it.

    Raises LockFault for a lock that Poetry wrote before 2.0, which does not
    tell the groups of its packages, for one that is not known to be of its
    pyproject.toml as it is, which Poetry does not export, and for packages of
    no registry.
    """
    data = parse_toml(text)
    packages, metadata = data.get("package", []), data.get("metadata", {})
    if metadata.get("lock-version") != "2.1" or any("groups" not in package for package in packages):
        raise LockFault("it is not of the form that Poetry 2 writes; lock again")
    if metadata.get("content-hash") != shaped(lambda: _poetry_digest(parse_toml(project)), "poetry reads"):
        raise LockFault("pyproject.toml may have changed since it was locked; lock again")
    hashes = shaped(lambda: {(normal_name(item["name"]), item["version"]): _poetry_hashes(item) for item in packages}, "poetry writes")
    found = read_poetry_lock(text).select(wanted)
    for package in found:
        if package.origin is not From.REGISTRY:
            raise LockFault(f"{package.name} comes from no registry")
    return tuple(f"{item.name}=={item.version} {hashes[item.name, item.version]}" for item in found)


def _poetry_hashes(package: Mapping[str, Any]) -> str:
    return " ".join(f"--hash={file['hash']}" for file in package["files"])


def _poetry_digest(project: Mapping[str, Any]) -> str:
    """The digest of a pyproject.toml by which Poetry 2.3 and later see that it changed."""
    own, poetry = project.get("project", {}), project.get("tool", {}).get("poetry", {})
    standard = {"project": {key: own[key] for key in _PROJECT_KEYS if key in own}, "dependency-groups": project.get("dependency-groups")}
    relevant: dict[str, Any] = {key: value for key, value in standard.items() if value}
    # A project that is described in [tool.poetry] alone has these keys even where it does not set them.
    tables = {key: poetry.get(key) for key in _POETRY_KEYS if not relevant or poetry.get(key) is not None}
    if poetry.get("group") is not None:
        tables["group"] = poetry["group"]
    return hashlib.sha256(json.dumps({**relevant, "tool": {"poetry": tables}} if relevant else tables, sort_keys=True).encode()).hexdigest()


def poetry_patch_matters(text: str, wanted: Wanted) -> bool:
    """Whether patch releases of one Python version get different packages of a poetry.lock; raises LockFault."""
    named = any(name in text for name in PATCH_VARIABLES)
    return named and _patch_matters(read_poetry_lock(text), wanted)


@lru_cache(maxsize=256)
def uv_patch_matters(text: str, wanted: Wanted) -> bool:
    """Whether patch releases of one Python version get different packages of a uv.lock; raises LockFault."""
    # uv writes each marker of a version with the full one, so that most say nothing of patch releases.
    markers = {match["marker"] for match in _UV_MARKER.finditer(text)}
    return any(patch_matters(marker, wanted.variables) for marker in markers) and _patch_matters(read_uv_lock(text), wanted)


def _patch_matters(lock: PythonLock, wanted: Wanted) -> bool:
    versions = [f"{wanted.variables['python_version']}.{patch}" for patch in PATCHES]
    environments = ({**wanted.variables, **dict.fromkeys(PATCH_VARIABLES, version)} for version in versions)
    return len({lock.select(replace(wanted, environment=tuple(each.items()))) for each in environments}) > 1


def pipenv_requirements(text: str) -> tuple[str, ...]:
    """A requirement with its marker and hashes for each package of a Pipfile.lock, in its order; raises LockFault."""
    read_pipfile_lock(text)
    data = json.loads(text)
    return tuple(shaped(lambda: list(_pipenv(data.get("default", {}))), "pipenv writes"))


def _pipenv(entries: Mapping[str, Any]) -> Iterator[str]:
    for name, entry in entries.items():
        if "version" not in entry or not entry.get("hashes"):
            raise LockFault(f"{name} has no version or no hashes")
        extras = f"[{','.join(entry['extras'])}]" if entry.get("extras") else ""
        marker = f" ; {entry['markers']}" if entry.get("markers") else ""
        yield f"{name}{extras}{entry['version']}{marker} {' '.join(f'--hash={digest}' for digest in entry['hashes'])}"
