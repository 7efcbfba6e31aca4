"""A project of texts, for readers of manifests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


class Texts:
    """Files by path; a directory is whatever stands above one."""

    root = Path("/project")

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def kind(self, path: str) -> str | None:
        assert not path.startswith(("/", "..")), f"{path} leaves the project"
        if path in self._files:
            return "file"
        return "directory" if path == "." or any(name.startswith(f"{path}/") for name in self._files) else None

    def read_text(self, path: str) -> str:
        return self._files[path]
