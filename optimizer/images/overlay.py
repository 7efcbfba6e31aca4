"""The file system that an image's layers make, one laid over the other.

Terms: an entry *hides* what a lower layer has at its path.  A *whiteout* hides
without putting anything in its place; an *opaque* one hides all that lower
layers have in its directory.  *Wasted* bytes are those of files that a later
entry hides: they are pushed, stored and counted, and no process sees them.
Source: https://github.com/opencontainers/image-spec/blob/v1.1.0/layer.md
"""

from __future__ import annotations

import heapq
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from optimizer.images.machines import without_machine
from optimizer.model.image import OPAQUE, WHITEOUT, Entry

_EXAMPLES = 5
_LARGEST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How many, and the first few of them by path."""

    count: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerContent:
    """What one reading of a layer found.

    ``entries`` counts them.  ``orphans`` are directories that hold entries and
    have none themselves.  ``estimated_bytes`` is the compressed size of a
    layer whose source has no compressed form; None unless asked for.
    """

    entries: int
    uncompressed_bytes: int
    compression: str = "none"
    estimated_bytes: int | None = None
    hard_links: Sample = Sample()
    orphans: Sample = Sample()


@dataclass(frozen=True, slots=True, kw_only=True)
class WastedFile:
    """A file that a later entry hides.

    ``layer`` and ``by_layer`` count from 0; ``how`` is ``deleted``,
    ``overwritten``, or ``rewritten unchanged`` when content is the same and
    only its mode, owner or time may have changed.
    """

    path: str
    size_bytes: int
    layer: int
    by_layer: int
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedEntry:
    """An entry that can be seen in the whole image, and the layer it is from, counted from 0; ``machine`` as of an :class:`Entry`."""

    path: str
    kind: str
    mode: int
    layer: int
    machine: str = ""


@dataclass(slots=True)
class _Node:
    kind: str = ""
    mode: int = 0
    size: int = 0
    layer: int = -1
    digest: str = ""
    machine: str = ""
    children: dict[str, _Node] = field(default_factory=dict)


class Overlay:
    """Layers laid over one another; keeps one small record per path, and no content."""

    def __init__(self) -> None:
        self._root = _Node(kind="directory")
        self._layer = -1
        self._largest: list[tuple[int, int, WastedFile]] = []
        self._count = 0
        self._machines: set[str] = set()
        self.wasted_bytes: list[int] = []
        """Bytes of each layer's own files that later entries hide."""
        self.waste_by_layer: list[int] = []
        """Bytes that each layer hides."""
        self.wasted_files = 0

    def add(self, entries: Iterable[Entry]) -> tuple[int, Sample, Sample]:
        """Lay a layer over the ones before; the number of its entries, its hard links and its orphans."""
        self._layer += 1
        self.wasted_bytes.append(0)
        self.waste_by_layer.append(0)
        count, links = 0, _Examples()
        directories: set[str] = {""}
        parents: set[str] = set()
        for entry in entries:
            count += 1
            if entry.kind == "hardlink":
                links.add(entry.path)
            elif entry.kind == "directory":
                directories.add(entry.path)
            parents.add(posixpath.dirname(entry.path))
            self._put(entry)
        return count, links.sample(), _orphans(parents, directories)

    def largest_waste(self) -> tuple[WastedFile, ...]:
        """The largest wasted files, the largest first."""
        return tuple(item for _, _, item in sorted(self._largest, key=lambda found: (-found[0], found[2].path, found[1])))

    def below(self, *tops: str) -> Iterator[PlacedEntry]:
        """What can be seen at and below some paths, sorted."""
        for top in sorted(tops):
            node: _Node | None = self._root
            for name in top.split("/"):
                node = node.children.get(name) if node else None
            if node is not None:
                yield from _walk(top, node)

    def foreign(self, machine: str) -> Iterator[PlacedEntry]:
        """The executables that can be seen and are for another machine, sorted.

        One whose path names its machine is none where the same for the right
        machine stands beside it: such packages choose when they are loaded.
        """
        if self._machines - {machine}:
            yield from _foreign(self._root, machine, [], {})

    def _put(self, entry: Entry) -> None:
        folder, _, name = entry.path.rpartition("/")
        if name == OPAQUE:
            for child, node in list(self._directory(folder).children.items()):
                if self._hide(posixpath.join(folder, child), node, "deleted"):
                    del self._directory(folder).children[child]
            return
        parent = self._directory(folder)
        if name.startswith(WHITEOUT):
            hidden = name.removeprefix(WHITEOUT)
            found = parent.children.get(hidden)
            if found is not None and self._hide(posixpath.join(folder, hidden), found, "deleted"):
                del parent.children[hidden]
            return
        if entry.path == ".":
            return
        before = parent.children.get(name)
        if before is not None and (before.kind != "directory" or entry.kind != "directory"):
            same = before.kind == entry.kind == "file" and before.digest == entry.digest
            self._discard(entry.path, before, "rewritten unchanged" if same else "overwritten")
            before = None
        node = before or _Node()
        node.kind, node.mode, node.size, node.layer, node.digest = entry.kind, entry.mode, entry.size_bytes, self._layer, entry.digest
        # A hard link is the file under another name, and stays when that one goes.
        node.machine = self._machine_at(entry.target) if entry.kind == "hardlink" else entry.machine
        if node.machine:
            self._machines.add(node.machine)
        parent.children[name] = node

    def _machine_at(self, path: str) -> str:
        node: _Node | None = self._root
        for name in path.split("/"):
            node = node.children.get(name) if node else None
        return node.machine if node else ""

    def _directory(self, path: str) -> _Node:
        node, here = self._root, ""
        for name in path.split("/") if path else ():
            here = f"{here}/{name}" if here else name
            child = node.children.get(name)
            if child is None or child.kind not in ("directory", "symlink"):
                if child is not None:
                    self._discard(here, child, "overwritten")
                child = node.children[name] = _Node(kind="directory", mode=0o755, layer=self._layer)
            node = child
        return node

    def _hide(self, path: str, node: _Node, how: str) -> bool:
        """Hide what lower layers have of a tree; True when nothing of it is left."""
        for name, child in list(node.children.items()):
            if self._hide(f"{path}/{name}", child, how):
                del node.children[name]
        if node.layer == self._layer or node.children:
            return False
        self._record(path, node, how)
        return True

    def _discard(self, path: str, node: _Node, how: str) -> None:
        for name, child in node.children.items():
            self._discard(f"{path}/{name}", child, how)
        self._record(path, node, how)

    def _record(self, path: str, node: _Node, how: str) -> None:
        if not node.size:
            return
        self.wasted_bytes[node.layer] += node.size
        self.waste_by_layer[self._layer] += node.size
        self.wasted_files += 1
        item = WastedFile(path=path, size_bytes=node.size, layer=node.layer, by_layer=self._layer, how=how)
        # The count keeps two equal sizes from being compared as values, and the earlier one.
        self._count -= 1
        heapq.heappush(self._largest, (node.size, self._count, item))
        if len(self._largest) > _LARGEST:
            heapq.heappop(self._largest)


class _Examples:
    def __init__(self) -> None:
        self._count = 0
        self._first: list[str] = []

    def add(self, path: str) -> None:
        self._count += 1
        if len(self._first) < _EXAMPLES:
            self._first.append(path)

    def sample(self) -> Sample:
        return Sample(count=self._count, examples=tuple(self._first))


def sample_of(paths: Iterable[str]) -> Sample:
    """The sample of some paths, the first ones as they come."""
    found = _Examples()
    for path in paths:
        found.add(path)
    return found.sample()


def _orphans(parents: set[str], directories: set[str]) -> Sample:
    missing: set[str] = set()
    for parent in parents:
        while parent not in directories and parent not in missing:
            missing.add(parent)
            parent = posixpath.dirname(parent)
    return sample_of(sorted(missing))


def _walk(path: str, node: _Node) -> Iterator[PlacedEntry]:
    yield PlacedEntry(path=path, kind=node.kind, mode=node.mode, layer=node.layer)
    for name in sorted(node.children):
        yield from _walk(f"{path}/{name}", node.children[name])


def _foreign(
    node: _Node, machine: str, trail: list[tuple[str, dict[str, _Node]]], named: dict[int, frozenset[str]]
) -> Iterator[PlacedEntry]:
    """Foreign executables below a node; ``trail`` is the way to it, ``named`` what directories have for the machine, by identity."""
    for name in sorted(node.children):
        child = node.children[name]
        trail.append((name, node.children))
        if child.machine not in ("", machine) and not any(_has_twin(*step, child.machine, machine, named) for step in trail):
            path = "/".join(name for name, _ in trail)
            yield PlacedEntry(path=path, kind=child.kind, mode=child.mode, layer=child.layer, machine=child.machine)
        yield from _foreign(child, machine, trail, named)
        trail.pop()


def _has_twin(name: str, siblings: dict[str, _Node], foreign: str, machine: str, named: dict[int, frozenset[str]]) -> bool:
    """Whether an entry that names a foreign machine has a sibling of the same name for the right one."""
    rest = without_machine(name, foreign)
    if rest is None:
        return False
    key = id(siblings)
    if key not in named:
        named[key] = frozenset(found for other in siblings if (found := without_machine(other, machine)) is not None)
    return rest in named[key]
