"""Files of a project as far as they can be read: for a guess, one that is damaged says nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from optimizer.errors import OptimizerError
from optimizer.locks.files import ProjectFiles
from optimizer.locks.python import LockFault, parse_toml


def text_of(files: ProjectFiles, path: str) -> str:
    """The text of a file; empty where there is none, or none that is UTF-8."""
    try:
        return files.read_text(path)
    except OptimizerError:
        return ""


def toml_of(files: ProjectFiles, path: str) -> Mapping[str, Any]:
    """The data of a file in TOML; empty for any other."""
    try:
        return parse_toml(text_of(files, path))
    except LockFault:
        return {}


def json_of(files: ProjectFiles, path: str) -> Mapping[str, Any]:
    """The object in a file in JSON; empty for any other."""
    try:
        data = json.loads(text_of(files, path))
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
