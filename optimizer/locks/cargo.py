"""What Cargo.toml names in the project: packages at a path, workspaces, and what decides about the compiler.

Sources: https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html,
https://doc.rust-lang.org/cargo/reference/workspaces.html
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.locks.files import ProjectFiles, is_file, joined, leaves, upwards
from optimizer.locks.local import Local, LocalKind

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MANIFEST = "Cargo.toml"
LOCK = "Cargo.lock"
TOOLCHAINS = ("rust-toolchain.toml", "rust-toolchain")
"""ProjectFiles by which rustup takes another compiler than the installed one."""
_TABLES = ("dependencies", "dev-dependencies", "build-dependencies")


@dataclass(frozen=True, slots=True, kw_only=True)
class CargoSources:
    """What a package or workspace is built from.

    ``packages`` are the directories of all manifests that were read, the
    source first; ``inherited`` are manifests of workspaces outside of these
    directories that packages take values from.  ``members`` are pairs of the
    name of a package and its binaries, as far as the manifests tell, and
    ``versions`` pairs of a manifest and the Rust version that it asks for.
    """

    packages: tuple[str, ...]
    inherited: tuple[str, ...]
    local: tuple[Local, ...]
    members: tuple[tuple[str, tuple[str, ...]], ...]
    versions: tuple[tuple[str, str], ...]


def sources(files: ProjectFiles, source: str) -> CargoSources:
    """What the manifest of a directory leads to.

    Raises ValueError, with the path of the file, for a manifest that is no TOML.
    """
    local: dict[Local, None] = {}
    inherited: dict[str, None] = {}
    members: list[tuple[str, tuple[str, ...]]] = []
    versions: list[tuple[str, str]] = []
    read: dict[str, None] = {}
    waiting = [source]
    while waiting:
        directory = waiting.pop(0)
        path = joined(directory, MANIFEST)
        if directory in read or not is_file(files, path):
            continue
        read[directory] = None
        data = _toml(files, path)
        workspace = _table(data, "workspace")
        package = _table(data, "package")
        if isinstance(package.get("name"), str):
            members.append((package["name"], tuple(_binaries(files, data, directory))))
        for owner in (package, _table(workspace, "package")):
            if isinstance(owner.get("rust-version"), str):
                versions.append((path, owner["rust-version"]))
        found = [Local(kind=LocalKind.PACKAGE, path=place, place=path, name=name) for name, place in _paths(data, directory)]
        if directory == source:
            found += [Local(kind=LocalKind.PACKAGE, path=member, place=path) for member in _members(workspace, directory)]
        elif "workspace" not in data and _inherits(data):
            root = _workspace_above(files, directory)
            if root is not None and root != source:
                inherited[joined(root, MANIFEST)] = None
                found += _inherited_packages(files, data, root)
        local.update(dict.fromkeys(found))
        waiting += [item.path for item in found]
    return CargoSources(
        packages=tuple(read), inherited=tuple(inherited), local=tuple(local), members=tuple(members), versions=tuple(versions)
    )


def in_bin_directory(files: ProjectFiles, packages: Iterable[str], binary: str) -> bool:
    """Whether Cargo finds the binary of a package by a file in src/bin."""
    names = (f"src/bin/{binary}.rs", f"src/bin/{binary}/main.rs")
    return any(is_file(files, joined(package, name)) for package in packages for name in names)


def workspace_of(files: ProjectFiles, source: str) -> str | None:
    """The directory above with a workspace and its lock; None where there is none."""
    for directory in list(upwards(source))[1:]:
        manifest = joined(directory, MANIFEST)
        if is_file(files, manifest) and is_file(files, joined(directory, LOCK)) and "workspace" in _toml(files, manifest):
            return directory
    return None


def channel(files: ProjectFiles, source: str) -> tuple[str, str] | None:
    """The file that names a toolchain for rustup, and the channel or version in it."""
    for name in TOOLCHAINS:
        path = joined(source, name)
        if is_file(files, path):
            text = files.read_text(path)
            # The older form is the bare word.
            found = _table(_toml(files, path), "toolchain").get("channel", "") if "[" in text else text.strip()
            return path, found if isinstance(found, str) else ""
    return None


def target(files: ProjectFiles, source: str) -> tuple[str, str] | None:
    """The file that sets the target of every build, and that target."""
    for name in (".cargo/config.toml", ".cargo/config"):
        path = joined(source, name)
        if is_file(files, path):
            found = _table(_toml(files, path), "build").get("target")
            if isinstance(found, str):
                return path, found
    return None


def _paths(data: Mapping[str, Any], directory: str) -> Iterator[tuple[str, str]]:
    """Name and path of each dependency at a path, for every platform, and of replacements."""
    tables = list(_dependencies(data))
    tables += [table for table in _table(data, "patch").values() if isinstance(table, Mapping)]
    tables.append(_table(data, "replace"))
    for table in tables:
        for name, value in table.items():
            if isinstance(value, Mapping) and isinstance(value.get("path"), str):
                yield name, value["path"] if value["path"].startswith("/") else joined(directory, value["path"])


def _members(workspace: Mapping[str, Any], directory: str) -> Iterator[str]:
    """The members that are named without a wildcard; those of a wildcard stand in the source as it is."""
    members = workspace.get("members")
    for member in members if isinstance(members, list) else ():
        if isinstance(member, str) and not set(member) & set("*?["):
            yield joined(directory, member)


def _binaries(files: ProjectFiles, data: Mapping[str, Any], directory: str) -> Iterator[str]:
    """The names of a package's binaries: the listed ones, and the one of src/main.rs."""
    package = _table(data, "package")
    listed = data.get("bin")
    paths = []
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, Mapping) and isinstance(item.get("name"), str):
            yield item["name"]
            paths.append(item.get("path"))
    if package.get("autobins") is False:
        return
    if "src/main.rs" not in paths and is_file(files, joined(directory, "src/main.rs")):
        yield package.get("name", "")


def _dependencies(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The tables of dependencies, for every platform."""
    for owner in (data, *_table(data, "target").values(), _table(data, "workspace")):
        if isinstance(owner, Mapping):
            yield from (_table(owner, name) for name in _TABLES)


def _inherits(data: Mapping[str, Any]) -> bool:
    """Whether a package takes values from its workspace."""
    values = [*_table(data, "package").values(), data.get("lints"), *(value for table in _dependencies(data) for value in table.values())]
    return any(_has_workspace(value) for value in values)


def _has_workspace(value: object) -> bool:
    return isinstance(value, Mapping) and value.get("workspace") is True


def _inherited_packages(files: ProjectFiles, data: Mapping[str, Any], root: str) -> Iterator[Local]:
    """The packages at a path that a package takes from the dependencies of its workspace."""
    manifest = joined(root, MANIFEST)
    known = _table(_table(_toml(files, manifest), "workspace"), "dependencies")
    for name in dict.fromkeys(name for table in _dependencies(data) for name, value in table.items() if _has_workspace(value)):
        path = _table(known, name).get("path")
        if isinstance(path, str):
            yield Local(kind=LocalKind.PACKAGE, path=joined(root, path), place=manifest, name=name)


def _workspace_above(files: ProjectFiles, directory: str) -> str | None:
    """The directory of the nearest workspace above a package."""
    for above in list(upwards(directory))[1:]:
        manifest = joined(above, MANIFEST)
        if is_file(files, manifest) and "workspace" in _toml(files, manifest):
            return above
    return None


def _table(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = data.get(name)
    return value if isinstance(value, Mapping) else {}


def _toml(files: ProjectFiles, path: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(files.read_text(path)) if not leaves(path) else {}
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f'"{path}" is not TOML: {error}') from None
