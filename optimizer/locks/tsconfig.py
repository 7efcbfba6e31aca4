"""tsconfig.json: which other files of the project it takes settings from, and where its compiler writes.

Source: https://www.typescriptlang.org/tsconfig/#extends
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from optimizer.locks.files import ProjectFiles, directory_of, is_file, joined, upwards
from optimizer.locks.nodejs import load_json, names, reached, table

NAMES = ("tsconfig.json", "tsconfig.build.json")
"""Files that compilers look for, and the usual name of the one for a build."""

# Text in quotes stays as it is, whatever stands in it.
_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_LAST_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', re.DOTALL)


def config_files(files: ProjectFiles, directories: Iterable[str]) -> tuple[str, ...]:
    """The files with settings for the code of some directories, sorted: the nearest above each, and what they extend in the project."""
    start = [path for directory in directories for path in _nearest(files, directory)]
    return tuple(sorted(reached(start, lambda path: _extended(files, path))))


def _nearest(files: ProjectFiles, directory: str) -> Iterator[str]:
    for above in upwards(directory):
        found = [path for name in NAMES if is_file(files, path := joined(above, name))]
        if found:
            yield from found
            return


def _extended(files: ProjectFiles, path: str) -> Iterator[str]:
    for name in _extends(files.read_text(path)):
        # Any other name is that of a package.
        if name.startswith("."):
            target = joined(directory_of(path), name)
            yield from (found for found in (target, f"{target}.json", posixpath.join(target, NAMES[0])) if is_file(files, found))


def out_directory(files: ProjectFiles, directory: str) -> str | None:
    """Where the compiler writes by the tsconfig.json of a directory, as that says it; None where it says nothing."""
    path = joined(directory, NAMES[0])
    found = table(_settings(files.read_text(path)).get("compilerOptions")).get("outDir") if is_file(files, path) else None
    return found if isinstance(found, str) else None


def _extends(text: str) -> tuple[str, ...]:
    value = _settings(text).get("extends")
    return (value,) if isinstance(value, str) else names(value)


@lru_cache(maxsize=256)
def _settings(text: str) -> Mapping[str, Any]:
    return load_json(_LAST_COMMA.sub(r"\1", _COMMENT.sub(r"\1", text))) or {}
