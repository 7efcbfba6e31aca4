"""What the settings of uv say about indexes: uv.lock calls an index and a page of links a registry alike.

Source: https://docs.astral.sh/uv/concepts/indexes/#flat-indexes
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from optimizer.locks.python import LockFault, parse_toml, shaped

NAME = "uv.toml"
"""The file of settings that uv reads in place of those of the pyproject.toml beside it."""


@lru_cache(maxsize=64)
def pages_of(text: str, *, project: bool) -> frozenset[str]:
    """The URLs of pages of links in a uv.toml, or in the pyproject.toml of a project, as uv.lock writes them; none in a damaged file."""
    try:
        data = parse_toml(text)
        return shaped(lambda: frozenset(_pages(data.get("tool", {}).get("uv", {}) if project else data)), "uv reads")
    except LockFault:
        return frozenset()


def _pages(settings: Mapping[str, Any]) -> Iterator[str]:
    flat = [index["url"] for index in settings.get("index", ()) if index.get("format") == "flat"]
    for url in (*settings.get("find-links", ()), *flat):
        if "://" in url:
            parts = urlsplit(url)
            yield urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2].lower()))
