"""The settings of a project: its root, its lock and its baseline, where images come from, where builds are cached, and their tools.

The CDK context (``optimizer:root``, ``optimizer:lock``, ``optimizer:mirror``,
``optimizer:cache``, ``optimizer:baseline`` and so on) wins over the
configuration file (``root`` and so on), that over the files that it extends,
and those over the defaults.  ``root``, ``lock`` and ``baseline`` are paths in
one project, so a file that is extended cannot set them.  Of ``tools`` and
``defaults`` each value counts alone, so a project that sets one keeps the
others of the company.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from optimizer.bases.lock import Lock
from optimizer.bases.mirror import Mirror
from optimizer.bases.tools import Tools
from optimizer.config.files import SETTINGS, ConfigurationFile, chain_of, read_directory
from optimizer.errors import ConfigurationError, Fault, LockError
from optimizer.model.cache import BuildCache
from optimizer.model.defaults import SpecDefaults

_PATHS = ("root", "lock", "baseline")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a project; its paths are already joined to the project directory.

    ``root`` is the directory that the paths of specs start from; default: the
    directory of ``cdk.json``.  ``lock_places`` are the paths where the lock is
    looked for, never empty; default: ``optimizer.lock`` in that directory,
    then in ``root``.  ``baseline`` is the file of
    known findings; default: none.  ``tools`` are the programs and builder
    images that the configuration sets; default: none.  ``defaults`` are those of
    specifications; default: their own.
    """

    root: Path
    lock_places: tuple[Path, ...]
    baseline: Path | None
    mirror: Mirror
    cache: BuildCache
    tools: Tools
    defaults: SpecDefaults

    @property
    def lock(self) -> Path:
        """The lock file: the first that is there, else the one to be made."""
        return next((path for path in self.lock_places if os.path.lexists(path)), self.lock_places[0])

    def load_lock(self) -> Lock:
        """The lock; an empty one, which knows where it was looked for, when there is no file.

        Raises :class:`LockError` for a file that cannot be read or is corrupt.
        """
        path = self.lock
        try:
            text = path.read_bytes().decode("utf-8")
        except FileNotFoundError:
            return Lock(missing=tuple(map(str, self.lock_places)))
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            raise LockError("not readable as UTF-8", f"{path}:{line}", "restore the file from version control") from None
        except OSError as error:
            raise LockError(f'the lock "{path}" cannot be read: {error.strerror}', hint="check the path and its permissions") from None
        return Lock.parse(text, str(path))


def load_settings(
    directory: str | Path,
    context: Callable[[str], Any] | None = None,
    *,
    root: str | Path | None = None,
    lock: str | Path | None = None,
) -> Settings:
    """The settings of the project in a directory.

    ``context`` looks up a key of the CDK context; default: in ``cdk.json``.
    ``root`` and ``lock`` are paths that win over all settings.  Raises :class:`ConfigurationError` with one fault per wrong setting.
    """
    home = Path(directory)
    origin = "CDK context" if context else "cdk.json"
    look_up = context or _cdk_json(home / "cdk.json").get
    file = read_directory(home)
    layers = chain_of(file) if file is not None else ()
    configured = _configured(layers)
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    for key in SETTINGS:
        value = look_up(f"optimizer:{key}")
        places[key] = f"{origin}: optimizer:{key}"
        if value is None and key in configured:
            value, places[key] = configured[key]
        values[key] = value
    faults: list[Fault] = []
    for key in _PATHS:
        if values[key] is not None and (not isinstance(values[key], str) or not values[key]):
            faults.append(Fault(f"{values[key]!r} is not a path", places[key], "write the path as a string"))
    mirror, cache = Mirror(), BuildCache()
    try:
        mirror = Mirror.parse(values["mirror"])
    except ConfigurationError as error:
        faults += _placed(error, "mirror", places)
    try:
        cache = BuildCache.parse(values["cache"])
    except ConfigurationError as error:
        faults += _placed(error, "cache", places)
    tools = Tools()
    for value, place in _tables("tools", layers, look_up, origin):
        # Imported here and below, because most projects have no such table.
        from optimizer.config.tools import read_tools

        try:
            tools = read_tools(value, place).over(tools)
        except ConfigurationError as error:
            faults += error.faults
    defaults = SpecDefaults()
    for value, place in _tables("defaults", layers, look_up, origin):
        from optimizer.config.defaults import read_defaults

        try:
            defaults = read_defaults(value, place).over(defaults)
        except ConfigurationError as error:
            faults += error.faults
    if faults:
        raise ConfigurationError(faults)
    top = Path(root) if root is not None else home / (values["root"] or ".")
    if lock is None and values["lock"]:
        lock = home / values["lock"]
    return Settings(
        root=top,
        lock_places=(Path(lock),) if lock is not None else _default_locks(home, top),
        baseline=home / values["baseline"] if values["baseline"] else None,
        mirror=mirror,
        cache=cache,
        tools=tools,
        defaults=defaults,
    )


def _placed(error: ConfigurationError, key: str, places: Mapping[str, str]) -> list[Fault]:
    return [Fault(fault.message, fault.place.replace(key, places[key], 1), fault.hint) for fault in error.faults]


def _default_locks(home: Path, root: Path) -> tuple[Path, ...]:
    """Where a lock is that no setting names: a root above the directory may be that of several apps with one lock."""
    found = {os.path.abspath(directory): directory / "optimizer.lock" for directory in (root, home)}
    return tuple(reversed(found.values()))


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot be read: {error}", str(path), "check its permissions, and save it as UTF-8") from None


def cdk_output(directory: str | Path) -> str:
    """Where ``cdk synth`` writes in a directory: ``output`` of its ``cdk.json``, else ``cdk.out``.

    Raises :class:`ConfigurationError` for a file that cannot be read.
    """
    output = _cdk_document(Path(directory, "cdk.json")).get("output")
    return os.path.normpath(os.path.join(directory, output if isinstance(output, str) and output else "cdk.out"))


def _cdk_json(path: Path) -> Mapping[str, Any]:
    context = _cdk_document(path).get("context")
    return context if isinstance(context, dict) else {}


def _cdk_document(path: Path) -> Mapping[str, Any]:
    text = _read(path)
    if text is None:
        return {}
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"not readable as JSON: {error}", str(path), "fix the line") from None
    return document if isinstance(document, dict) else {}


def _configured(layers: Sequence[ConfigurationFile]) -> Mapping[str, tuple[Any, str]]:
    """Each setting of the configuration files, the farthest first, with its place."""
    return {
        key: (layer.values[key], layer.place(key))
        for layer in layers
        for key in SETTINGS
        if key in layer.values and (layer is layers[-1] or key not in _PATHS)
    }


def _tables(
    key: str, layers: Sequence[ConfigurationFile], look_up: Callable[[str], Any], origin: str
) -> Iterator[tuple[Any, Callable[..., str]]]:
    """A table of the configuration files, the farthest first, and of the CDK context after them, each with the places of its keys."""
    for layer in layers:
        if key in layer.values:
            yield layer.values[key], partial(layer.place, key)
    context = look_up(f"optimizer:{key}")
    if context is not None:
        yield context, lambda *keys: ".".join((f"{origin}: optimizer:{key}", *keys))
