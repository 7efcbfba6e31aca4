"""Fixtures that import the example's functions as Lambda does: from directories, not from packages."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., ModuleType]]:
    """Imports a module from directories of ``functions/``, and forgets it after the test."""
    before = set(sys.modules)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def load_module(name: str, *directories: str) -> ModuleType:
        for directory in directories:
            monkeypatch.syspath_prepend(str(ROOT / "functions" / directory))
        return importlib.import_module(name)

    yield load_module
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None)
        if file and Path(file).is_relative_to(ROOT / "functions"):
            del sys.modules[name]
