"""yarn.lock, of Yarn 1 and of Yarn 2 and newer.

Sources: https://yarnpkg.com/protocols, https://classic.yarnpkg.com/en/docs/yarn-lock
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from optimizer.locks.nodejs import Importer, Importers, NodeLock, in_order, inside, is_archive, load_yaml, reached, table, texts

_REFUSED = ("portal:", "link:", "exec:")
_ENTRY = re.compile(r"^(?=[^\s#])(.+):$")
_FIELD = re.compile(r'^ {2}(version|resolved) "?([^"\n]*)"?$')
# What Yarn 1 fetches with git: https://github.com/yarnpkg/yarn/blob/master/src/resolvers/exotics/git-resolver.js
_GIT = re.compile(r"git:|git\+|ssh:|https?:.+\.git(#|$)|https?://(github\.com|gitlab\.com|bitbucket\.(com|org))/[^/]+/[^/]+/?$")


def is_classic(text: str) -> bool:
    """Whether Yarn 1 wrote the lock."""
    return "__metadata:" not in text


def workspaces(text: str) -> Mapping[str, str]:
    """The members of the lock's workspace, by path; without the root."""
    found = (_split(entry) for entry in yarn_entries(text).values())
    return {
        inside(".", rest.removeprefix("workspace:")): name
        for name, rest in found
        if rest.startswith("workspace:") and rest != "workspace:."
    }


def read_yarn(text: str, production: Callable[[str], Collection[str]], overridden: Collection[str] = ()) -> NodeLock | None:
    """What a lock of Yarn 2 or newer says; None when it is damaged.

    ``production`` gives the names of the production dependencies of a member,
    by its path: the lock does not tell them from those for development.
    ``overridden`` are the names of packages for which the root has ``resolutions``.
    """
    entries = yarn_entries(text)
    if not entries:
        return None
    members = workspaces(text)
    archives: dict[str, str] = {}
    copies: dict[str, str] = {}
    files: set[str] = set()
    refused: set[tuple[str, str]] = set()
    for entry in entries.values():
        name, rest = _split(entry)
        if rest.startswith("file:"):
            path = _file(rest)
            (archives if is_archive(path) else copies)[path] = name
        elif rest.startswith("patch:"):
            files.update(_patches(rest))
        elif rest.startswith(_REFUSED):
            refused.add((name, rest.partition(":")[0]))
    return NodeLock(
        importers=Importers((".", *members), lambda path: _importer(text, production, overridden, path)),
        members=members,
        local=members,
        links={f"node_modules/{name}": path for path, name in members.items()},
        archives=archives,
        copies=copies,
        files=in_order(files),
        refused=tuple(sorted(refused)),
        versions={_split(entry)[0]: str(entry.get("version")) for entry in entries.values() if _split(entry)[1].startswith("npm:")},
    )


def plugin_files(settings: str) -> tuple[str, ...]:
    """The files of the plugins that a .yarnrc.yml names."""
    plugins = (load_yaml(settings) or {}).get("plugins")
    listed = plugins if isinstance(plugins, list) else []
    paths = [table(item).get("path") if isinstance(item, dict) else item for item in listed]
    return in_order({inside(".", path) for path in paths if isinstance(path, str)})


def mirror_directories(settings: str) -> tuple[str, ...]:
    """The directory of tarballs that a .yarnrc of Yarn 1 names (https://classic.yarnpkg.com/blog/2016/11/24/offline-mirror/)."""
    found = re.findall(r'^yarn-offline-mirror\s+"?([^"\n]+?)"?\s*$', settings, re.MULTILINE)
    return in_order({inside(".", path) for path in found})


@lru_cache(maxsize=8)
def read_classic(text: str) -> NodeLock:
    """What a lock of Yarn 1 says; it knows no workspaces."""
    archives: dict[str, str] = {}
    copies: dict[str, str] = {}
    refused: set[tuple[str, str]] = set()
    git: set[str] = set()
    versions: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        entry = _ENTRY.match(line)
        if entry:
            for descriptor in entry[1].replace('"', "").split(", "):
                name, rest = _parted(descriptor)
                if rest.startswith("file:"):
                    path = inside(".", rest.removeprefix("file:"))
                    (archives if is_archive(path) else copies)[path] = name
                elif rest.startswith("link:"):
                    refused.add((name, "link"))
        elif found := _FIELD.match(line):
            if found[1] == "version":
                versions.setdefault(name, found[2])
            elif _GIT.match(found[2]):
                git.add(name)
    return NodeLock(
        importers={".": Importer(git=in_order(git))},
        archives=archives,
        copies=copies,
        refused=tuple(sorted(refused)),
        versions=versions,
    )


@lru_cache(maxsize=8)
def yarn_entries(text: str) -> Mapping[str, dict[str, Any]]:
    """The entries by each of their descriptors; empty for a damaged lock."""
    found: dict[str, dict[str, Any]] = {}
    for key, value in (load_yaml(text) or {}).items():
        entry = table(value)
        if isinstance(key, str) and isinstance(entry.get("resolution"), str):
            for descriptor in key.split(", "):
                found[descriptor] = entry
                # Of a path, the key says from which workspace it is seen, and the dependency does not.
                found.setdefault(descriptor.partition("::locator=")[0], entry)
    return found


@lru_cache(maxsize=8)
def _by_name(text: str) -> Mapping[str, tuple[dict[str, Any], ...]]:
    """The entries by the names under which they are needed."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for descriptor, entry in yarn_entries(text).items():
        found.setdefault(_parted(descriptor)[0], {})[entry["resolution"]] = entry
    return {name: tuple(entries.values()) for name, entries in found.items()}


def meant(text: str, name: str, required: str, overridden: Collection[str]) -> tuple[Mapping[str, Any], ...]:
    """The entries that a dependency may mean.

    One, but where the project's settings say which: then all of that name.
    An entry has the dependency as a package writes it, while ``resolutions`` of
    the root and catalogs of .yarnrc.yml may put another one in its place.
    """
    entries = yarn_entries(text)
    found = [entries[each] for each in (f"{name}@{required}", f"{name}@npm:{required}") if each in entries]
    return tuple(found[:1]) if found and name not in overridden else _by_name(text).get(name, ())


def _importer(text: str, production: Callable[[str], Collection[str]], overridden: Collection[str], path: str) -> Importer:
    entries = yarn_entries(text)
    by_path = {
        rest.removeprefix("workspace:"): entry["resolution"]
        for entry in entries.values()
        for _, rest in [_split(entry)]
        if rest.startswith("workspace:")
    }
    by_resolution = {entry["resolution"]: entry for entry in entries.values()}

    def following(resolution: str) -> Iterator[str]:
        entry = by_resolution[resolution]
        _, rest = _split(entry)
        wanted = production(rest.removeprefix("workspace:")) if rest.startswith("workspace:") else None
        for name, required in texts(entry.get("dependencies")).items():
            if wanted is None or name in wanted:
                yield from (found["resolution"] for found in meant(text, name, required, overridden))

    if path not in by_path:
        return Importer()
    found = reached([by_path[path]], following) - {by_path[path]}
    releases = {resolution: by_resolution[resolution].get("checksum") for resolution in found if "@workspace:" not in resolution}
    parts = [_split(by_resolution[resolution]) for resolution in found]
    return Importer(
        needs=in_order({inside(".", rest.removeprefix("workspace:")) for _, rest in parts if rest.startswith("workspace:")}),
        git=in_order({name for name, rest in parts if "#commit=" in rest}),
        packages=tuple(
            sorted((_parted(resolution)[0], f"{resolution} {checksum or ''}".rstrip()) for resolution, checksum in releases.items())
        ),
    )


def _split(entry: Mapping[str, Any]) -> tuple[str, str]:
    return _parted(str(entry["resolution"]))


def _parted(descriptor: str) -> tuple[str, str]:
    """The name, and what stands behind the ``@`` after it."""
    at = descriptor.find("@", 1)
    return (descriptor[:at], descriptor[at + 1 :]) if at > 0 else (descriptor, "")


def _base(rest: str) -> str:
    """The directory of the workspace that a path is relative to: ``locator=`` names it."""
    locator = re.search(r"locator=([^&]*)", rest)
    return unquote(locator[1]).partition("@workspace:")[2] or "." if locator else "."


def _file(rest: str) -> str:
    path = re.split(r"#|::", rest.removeprefix("file:"), maxsplit=1)[0]
    return inside(_base(rest), path)


def _patches(rest: str) -> Iterator[str]:
    """The user's own patches: Yarn brings those that it calls builtin."""
    source = rest.partition("#")[2].partition("::")[0]
    for patch in source.split("&"):
        path = unquote(patch).removeprefix("optional!")
        if path and "builtin<" not in path:
            yield inside(".", path.removeprefix("~/")) if path.startswith("~/") else inside(_base(rest), path)
