"""What an image has at one path, as its layers are laid over one another.

Source: https://github.com/opencontainers/image-spec/blob/v1.1.0/layer.md
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from optimizer.model.image import OPAQUE, WHITEOUT, Entry


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry that can be seen, and where its content is kept; empty for all but files."""

    entry: Entry
    layer: int
    content: str


class Subtree:
    """The entries at and below a path, and those on the way to it; paths have no slash at either end."""

    def __init__(self, top: str) -> None:
        self._top = top
        self._layer = -1
        self._placed: dict[str, Placed] = {}
        self.below_links: list[str] = []
        """Entries below what is no directory: engines differ in where they put such."""

    def begin_layer(self) -> None:
        """Lay another layer over those before."""
        self._layer += 1

    def holds(self, entry: Entry) -> bool:
        """Whether an entry of a layer stands at or below the path, so that its content is wanted."""
        return self._is_below(entry.path)

    def add(self, entry: Entry, content: str = "") -> None:
        """Lay an entry over what is there."""
        folder, _, name = entry.path.rpartition("/")
        if name == OPAQUE:
            self._hide(folder, itself=False)
        elif name.startswith(WHITEOUT):
            self._hide(posixpath.join(folder, name.removeprefix(WHITEOUT)), itself=True)
        elif self._is_below(entry.path) or f"{self._top}/".startswith(f"{entry.path}/"):
            if any(path in self._placed and self._placed[path].entry.kind != "directory" for path in _above(entry.path)):
                self.below_links.append(entry.path)
            if entry.kind != "directory":
                for path in [path for path in self._placed if path.startswith(f"{entry.path}/")]:
                    del self._placed[path]
            self._placed[entry.path] = Placed(entry, self._layer, content)

    def on_the_way(self) -> Iterator[Placed]:
        """What leads to the path."""
        return (self._placed[path] for path in _above(self._top) if path in self._placed)

    def seen(self) -> Mapping[str, Placed]:
        """What stands at and below the path, by its own path."""
        return {path: placed for path, placed in sorted(self._placed.items()) if self._is_below(path)}

    def _is_below(self, path: str) -> bool:
        return path == self._top or path.startswith(f"{self._top}/")

    def _hide(self, top: str, *, itself: bool) -> None:
        """Hide what the layers below have; an entry of the same layer stays, whichever comes first."""
        for path, placed in list(self._placed.items()):
            if placed.layer < self._layer and (path.startswith(f"{top}/") or not top or (itself and path == top)):
                del self._placed[path]


def _above(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path
