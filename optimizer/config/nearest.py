"""Which configuration file holds for a path, found without reading what its values are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from optimizer.config.files import CONVENTIONS, ConfigurationFile, chain_of, read_directory


def configured(path: str, key: str) -> bool:
    """Whether the configuration that holds for a path or one that it extends, has a key of the conventions; the values are not read.

    Raises :class:`ConfigurationError` for a file that cannot be read.
    """
    directory = os.path.dirname(os.path.abspath(path))
    while True:
        file = read_directory(Path(directory))
        if file is not None and sets_any(file):
            return any(key in table for layer in chain_of(file) if isinstance(table := layer.values.get(CONVENTIONS), Mapping))
        above = os.path.dirname(directory)
        if is_top(directory, above):
            return False
        directory = above


def sets_any(file: ConfigurationFile) -> bool:
    """Whether a file has conventions of its own, or of another one."""
    return "extends" in file.values or CONVENTIONS in file.values


def is_top(directory: str, above: str) -> bool:
    """Whether no file above the directory is looked for."""
    return above == directory or os.path.exists(os.path.join(directory, ".git"))
