"""Configuration files: ``optimizer.toml``, and ``[tool.optimizer]`` in ``pyproject.toml``.

Only finding and reading is here.  What the values may be is checked where
they are used: settings of a project in ``optimizer.config.settings``,
conventions in ``optimizer.config.conventions``.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from optimizer.config.installed import installed_only
from optimizer.errors import ConfigurationError, Fault, did_you_mean
from optimizer.model.toml import line_of, toml_fault

FILE = "optimizer.toml"
PYPROJECT = "pyproject.toml"
CONVENTIONS = "conventions"
"""The table that holds conventions."""

SETTINGS: Mapping[str, str] = {
    "root": "The directory that the paths of specifications start from; default: that of cdk.json. See below.",
    "lock": "The lock file; default: `optimizer.lock` in the directory of cdk.json, else in `root`.",
    "baseline": "The file of known findings, where `--baseline` names no other.",
    "mirror": "Where images are pulled from: one prefix, or one for each registry.",
    "cache": "Where builds are cached.",
    "defaults": "What specifications have unless they say otherwise. See below.",
    "tools": "The versions of tools that stages bring, and the images that build: [tools.md](tools.md#choosing-others).",
}
"""The settings of a project, and what they mean."""

KEYS = ("extends", *SETTINGS, CONVENTIONS)
"""The keys at the top of a file."""

_LARGEST = 1024 * 1024
_LONGEST_CHAIN = 10
_PACKAGE = re.compile(r"(?P<package>[A-Za-z_][A-Za-z0-9_]+):(?P<file>[^:]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationFile:
    """A file that was read.

    ``name`` is its path as messages show it; ``directory`` is absolute;
    ``values`` are the optimizer's own keys, which stand under ``prefix`` in
    the file.
    """

    name: str
    path: Path
    text: str = field(repr=False)
    values: Mapping[str, Any]
    prefix: tuple[str, ...] = ()

    @property
    def directory(self) -> Path:
        """Where its relative paths start."""
        return self.path.parent

    def line(self, *keys: str | int) -> int:
        """The line, from 1, that names the key, or the nearest table around it; 0 where none does."""
        return line_of(self.text, (*self.prefix, *keys))

    def place(self, *keys: str | int) -> str:
        """The key in this file, for the place of a fault."""
        line = self.line(*keys)
        where = f"{self.name}:{line}" if line else self.name
        dotted = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")
        return f"{where}: {dotted}" if dotted else where


def read_directory(directory: Path) -> ConfigurationFile | None:
    """The file of the directory; None when it has none.

    Raises :class:`ConfigurationError` when it cannot be read, holds unknown
    keys, or when there are two.
    """
    found = [file for name in (FILE, PYPROJECT) if (file := read_file(directory / name, optional=True)) is not None]
    if len(found) > 1:
        raise ConfigurationError(
            f"there are two configurations in one directory, {FILE} and [tool.optimizer] in {PYPROJECT}",
            found[0].name,
            "keep one of them",
        )
    return found[0] if found else None


def read_file(path: Path, *, optional: bool = False) -> ConfigurationFile | None:
    """The file; None for a missing one that is optional, and for a pyproject.toml without ``[tool.optimizer]``.

    Raises :class:`ConfigurationError` when it cannot be read or holds unknown
    keys.
    """
    name = _shown(path)
    text = _text(path, name, optional)
    pyproject = path.name == PYPROJECT
    # Reading a large pyproject.toml takes longer than checking a Dockerfile.
    if text is None or (pyproject and "optimizer" not in text):
        return None
    values: Any = _parse(text, name)
    prefix: tuple[str, ...] = ()
    if pyproject:
        tool = values.get("tool")
        prefix = ("tool", "optimizer")
        if not isinstance(tool, dict) or "optimizer" not in tool:
            return None
        values = tool["optimizer"]
        if not isinstance(values, dict):
            raise ConfigurationError(f"{values!r} is not a table", f"{name}: tool.optimizer", "write [tool.optimizer]")
    file = ConfigurationFile(name=name, path=Path(os.path.abspath(path)), text=text, values=values, prefix=prefix)
    faults = [
        Fault(f'unknown key "{key}"; allowed: {", ".join(KEYS)}', file.place(key), did_you_mean(key, KEYS))
        for key in values
        if key not in KEYS
    ]
    if faults:
        raise ConfigurationError(faults)
    return file


def chain_of(file: ConfigurationFile) -> tuple[ConfigurationFile, ...]:
    """The files that it extends, the farthest first, and itself at the end.

    Raises :class:`ConfigurationError` for a file that is missing, leaves the
    project, or extends itself.
    """
    chain = [file]
    while "extends" in chain[-1].values:
        last = chain[-1]
        path = _extended(last)
        place = last.place("extends")
        if any(path == other.path for other in chain):
            raise ConfigurationError(f'"{_shown(path)}" extends itself', place, "remove one extends")
        if len(chain) == _LONGEST_CHAIN:
            raise ConfigurationError(f"more than {_LONGEST_CHAIN} files extend one another", place, "extend the shared file directly")
        try:
            base = read_file(path)
        except ConfigurationError as error:
            raise ConfigurationError([Fault(item.message, item.place, item.hint or f"{place} names it") for item in error.faults]) from None
        if base is None:
            raise ConfigurationError(f'"{_shown(path)}" holds no [tool.optimizer]', place, "name a file that does")
        chain.append(base)
    return tuple(reversed(chain))


def _extended(file: ConfigurationFile) -> Path:
    value, place = file.values["extends"], file.place("extends")
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{value!r} is not a file", place, 'write a path, or "package:file" for the file of an installed package')
    match = _PACKAGE.fullmatch(value)
    if match:
        root = _package(match["package"], place)
        path = Path(os.path.abspath(root / match["file"]))
    else:
        root = _project(file.directory)
        path = Path(os.path.abspath(file.directory / value))
    # A link may lead out as well as a "..".
    if Path(os.path.realpath(root)) not in Path(os.path.realpath(path)).parents:
        raise ConfigurationError(
            f'"{value}" is outside "{root}"', place, "copy the file into the project, or install the package that has it"
        )
    if not path.is_file():
        raise ConfigurationError(f'"{_shown(path)}" does not exist', place, "check the path; it starts at the directory of this file")
    return path


def _package(name: str, place: str) -> Path:
    # Finding a package does not run it, which importing does.
    try:
        with installed_only():
            spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError(f'no package "{name}" is installed', place, "install it into the environment of the optimizer")
    return Path(next(iter(spec.submodule_search_locations)))


def _project(directory: Path) -> Path:
    """The directory of version control around it; else the current directory where that is around it; else itself."""
    for above in (directory, *directory.parents):
        if (above / ".git").exists():
            return above
    here = Path.cwd()
    return here if here in directory.parents else directory


def _shown(path: Path) -> str:
    """The path as short as it can be from here."""
    relative = os.path.relpath(path)
    return os.path.abspath(path) if relative.startswith(os.pardir) else Path(relative).as_posix()


def _text(path: Path, name: str, optional: bool) -> str | None:
    try:
        if path.stat().st_size > _LARGEST:
            raise ConfigurationError(f"larger than {_LARGEST} bytes", name, "check that it is a configuration file")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if optional:
            return None
        raise ConfigurationError("does not exist", name, "check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot be read: {error}", name, "check its permissions, and save it as UTF-8") from None


def _parse(text: str, name: str) -> dict[str, Any]:
    # Imported here, because most projects have no such file.
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        values: dict[str, Any] = tomllib.loads(text)
        return values
    except (ValueError, RecursionError) as error:
        fault = toml_fault(text, error)
        place = f"{name}:{fault.line}" if fault.line else name
        raise ConfigurationError(f"not readable as TOML: {fault.message}", place, fault.hint) from None
