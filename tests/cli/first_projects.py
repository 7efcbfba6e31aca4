"""Projects in the current directory, for the tests of ``optimizer init``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from optimizer import ImageSpec


def write(files: Mapping[str, str]) -> None:
    """Write the files, by their paths."""
    for path, text in files.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)


def specs() -> dict[str, ImageSpec]:
    """The specs that were written, by the names of their files."""
    return {path.name.removesuffix(".image.toml"): ImageSpec.load(path) for path in sorted(Path().glob("*.image.toml"))}
