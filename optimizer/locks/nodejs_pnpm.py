"""pnpm-lock.yaml, and what pnpm-workspace.yaml adds to it.

Source: https://github.com/pnpm/spec/tree/master/lockfile
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from optimizer.locks.nodejs import Importer, Importers, NodeLock, in_order, inside, is_archive, load_yaml, names, reached, table, texts

_PRODUCTION = ("dependencies", "optionalDependencies")
HOOKS = ".pnpmfile.cjs"
"""The file of hooks that every pnpm looks for."""

NEWER_HOOKS = ".pnpmfile.mjs"
"""The one that pnpm 11 and newer look for first, and pnpm 10 only where it is told of it."""

_PATCHES = (".patch", ".diff")
_HOOKS_SETTING = re.compile(r"^\s*pnpmfile\s*=\s*(?P<path>.*?)\s*$", re.MULTILINE)


@lru_cache(maxsize=8)
def read_pnpm(text: str) -> NodeLock | None:
    """What the lock says; None when it is damaged, so that pnpm's own message about it is seen.

    Members have no names here: the lock knows their paths alone.
    """
    data = load_yaml(text)
    if data is None:
        return None
    importers = {inside(".", path): table(entry) for path, entry in table(data.get("importers")).items()} or {".": table(data)}
    packages = {key: table(entry) for key, entry in table(data.get("packages")).items()}
    snapshots = {key: table(entry) for key, entry in table(data.get("snapshots")).items()} or packages
    links = {
        (path, name): inside(path, version.removeprefix("link:"))
        for path, entry in importers.items()
        for name, version in _dependencies(entry, (*_PRODUCTION, "devDependencies"))
        if version.startswith("link:")
    }
    resolutions = {key: table(entry.get("resolution")) for key, entry in packages.items()}
    members = {path: "" for path in importers if path != "."}
    local = {**members, **{target: name for (_, name), target in sorted(links.items()) if target != "."}}
    return NodeLock(
        importers=Importers(importers, lambda path: _importer(importers, snapshots, resolutions, links, path)),
        members=members,
        local=local,
        links={inside(path, f"node_modules/{name}"): target for (path, name), target in links.items()},
        archives={
            inside(".", tarball.removeprefix("file:")): _name(key)
            for key, entry in resolutions.items()
            if isinstance(tarball := entry.get("tarball"), str) and tarball.startswith("file:") and is_archive(tarball)
        },
        copies={
            inside(".", entry["directory"]): _name(key)
            for key, entry in resolutions.items()
            if entry.get("type") == "directory" and isinstance(entry.get("directory"), str)
        },
        files=in_order(set(patch_paths(data).values())),
        hashed_patches=in_order([key for key, value in texts(data.get("patchedDependencies")).items() if not value.endswith(_PATCHES)]),
        hooks=str(data.get("pnpmfileChecksum") or ""),
        format=str(data.get("lockfileVersion", "")),
        versions={_name(key): key.rpartition("@")[2] for key in packages if "@" in key[1:]},
    )


def patch_paths(settings: Mapping[str, Any]) -> dict[str, str]:
    """The files of ``patchedDependencies`` by what they patch, in the lock, in package.json's ``pnpm`` or in pnpm-workspace.yaml."""
    values = table(settings.get("patchedDependencies")).items()
    # The lock writes a table with a path, or since pnpm 11 the hash alone, which is no path.
    paths = {key: table(value).get("path") if isinstance(value, dict) else value for key, value in values}
    return {key: inside(".", path) for key, path in paths.items() if isinstance(path, str) and path.endswith(_PATCHES)}


def workspace_patches(text: str) -> dict[str, str]:
    """The patches that pnpm-workspace.yaml names."""
    return patch_paths(load_yaml(text) or {})


def hook_files(workspace: str, npmrc: str) -> tuple[str, ...]:
    """The files of hooks that pnpm-workspace.yaml names, or .npmrc, in the order in which they run."""
    given = (load_yaml(workspace) or {}).get("pnpmfile")
    found = (given,) if isinstance(given, str) else names(given)
    lines = [match["path"].strip("\"'") for match in _HOOKS_SETTING.finditer(npmrc)]
    return tuple(inside(".", path) for path in (found or lines[-1:]))


def hooks_checksum(text: str) -> str:
    """What pnpm writes into a lock of the one file of hooks with that text."""
    digest = hashlib.sha256(text.replace("\r\n", "\n").encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _importer(
    importers: Mapping[str, dict[str, Any]],
    snapshots: Mapping[str, dict[str, Any]],
    resolutions: Mapping[str, dict[str, Any]],
    links: Mapping[tuple[str, str], str],
    path: str,
) -> Importer:
    def following(item: str) -> Iterator[str]:
        if item.startswith("importer:"):
            base, entry = item.removeprefix("importer:"), importers.get(item.removeprefix("importer:"), {})
        else:
            base, entry = ".", snapshots.get(item, {})
        for name, version in _dependencies(entry, _PRODUCTION):
            if version.startswith("link:"):
                yield f"importer:{inside(base, version.removeprefix('link:'))}"
            else:
                yield from (key for key in (version, f"{name}@{version}", f"/{name}@{version}", f"/{name}/{version}") if key in snapshots)

    found = reached([f"importer:{path}"], following)
    needs = {item.removeprefix("importer:") for item in found if item.startswith("importer:")} - {path}
    git = {_name(key) for key in found if resolutions.get(key.partition("(")[0], {}).get("type") == "git"}
    # Where one directory holds all packages, pnpm links what importers need, and not what packages do.
    unlinked = {
        (name, key)
        for key in found
        for name, version in _dependencies(snapshots.get(key, {}), _PRODUCTION)
        if version.startswith("link:") and links.get((".", name)) != inside(".", version.removeprefix("link:"))
    }
    linked = {name for name, version in _dependencies(importers[path], _PRODUCTION) if version.startswith("link:")}
    packages = tuple(sorted((_name(key), key) for key in found if not key.startswith("importer:")))
    return Importer(needs=in_order(needs), git=in_order(git), nested=in_order(linked), unlinked=tuple(sorted(unlinked)), packages=packages)


def _dependencies(entry: Mapping[str, Any], kinds: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for kind in kinds:
        for name, value in table(entry.get(kind)).items():
            version = table(value).get("version") if isinstance(value, dict) else value
            if isinstance(version, str):
                yield name, version


def _name(key: str) -> str:
    bare = key.lstrip("/").partition("(")[0]
    return bare[: bare.find("@", 1)] if "@" in bare[1:] else bare.rpartition("/")[0]
