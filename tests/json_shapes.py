"""What programs may rely on in the JSON of commands: every key with the types of its values, kept in ``tests/cli/json``."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

_KEPT = Path(__file__).parent / "cli" / "json"
_DOCS = Path(__file__).parents[1] / "docs"
_TYPES = {bool: "bool", int: "number", float: "number", str: "text", list: "list", dict: "object", type(None): "null"}


def shape(data: Any, opaque: Collection[str] = ()) -> dict[str, str]:
    """The types of each key by its path, such as ``images[].layers[].size``; what is ``opaque`` has another form, or keys that are data."""
    found: dict[str, set[str]] = {}
    for path, value in _values(data, "", opaque):
        found.setdefault(path, set()).add(_TYPES[type(value)])
    return {path: " or ".join(sorted(types)) for path, types in sorted(found.items())}


def _values(data: Any, path: str, opaque: Collection[str]) -> Iterator[tuple[str, Any]]:
    if path in opaque:
        return
    if isinstance(data, dict):
        for key, value in data.items():
            below = f"{path}.{key}" if path else key
            yield below, value
            yield from _values(value, below, opaque)
    elif isinstance(data, list):
        for item in data:
            if not isinstance(item, dict):
                yield f"{path}[]", item
            yield from _values(item, f"{path}[]", opaque)


def hold(name: str, data: Any, page: str, request: pytest.FixtureRequest, opaque: Collection[str] = ()) -> None:
    """Hold the JSON of a command against what is kept of it, and against the page, which names every key."""
    found, kept = shape(data, opaque), _KEPT / f"{name}.json"
    if request.config.getoption("--update-golden"):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(kept.read_text(encoding="utf-8")), (
        "programs read this: keep what is there, and say in the changelog what is new"
    )
    words = set(re.findall(r"[\w-]+", " ".join(re.findall(r"`([^`\n]+)`", (_DOCS / page).read_text(encoding="utf-8")))))
    keys = {part.removesuffix("[]") for path in found for part in path.split(".")} - {""}
    missing = sorted(keys - words)
    assert missing == [], f"docs/{page} names every key"
