"""What two layers of an image bring to one place, of which the image stores of engines make different layers.

An entry that equals the one below it is kept by Docker's own store, and left
out by containerd's.  Every entry of every layer has the same owner and time, so
equal content with an equal mode is enough for that; an empty directory is, where
any directory lies below it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from optimizer.builders.layer import places
from optimizer.errors import Fault
from optimizer.model.plan import BuildPlan, Stage
from optimizer.model.recipes.content import PackedFiles
from optimizer.project.files import Project, directories_above

DIRECTORY = "directory"
"""What stands for every directory among the entries of a layer."""

_Layer = tuple[Stage, Mapping[str, Hashable]]
"""A stage, and its entries by path: what is equal for two entries may be the same, and :data:`DIRECTORY` for each directory."""


class Overlap(NamedTuple):
    """A path of two stages, the lower one first, whose entries may be the same."""

    path: str
    lower: Stage
    upper: Stage


def overlaps(layers: Iterable[_Layer]) -> Iterator[Overlap]:
    """The paths to which two of the layers, lowest first, may bring the same; each with the two nearest layers."""
    seen: dict[str, tuple[Stage, Hashable]] = {}
    for stage, entries in layers:
        above = directories_above(entries)
        for path, entry in entries.items():
            # Directories on the way to something are in every form of the layer.
            if path in seen and seen[path][1] == entry and path not in above:
                yield Overlap(path, seen[path][0], stage)
            seen[path] = stage, entry


def overlap_faults(found: Iterable[Overlap]) -> Iterator[Fault]:
    """One fault for each pair of stages that bring the same."""
    by_pair: dict[tuple[str, str], list[Overlap]] = {}
    for overlap in found:
        by_pair.setdefault((overlap.lower.name, overlap.upper.name), []).append(overlap)
    for pair in by_pair.values():
        first = min(pair, key=lambda overlap: overlap.path)
        more = f" and {len(pair) - 1} more" if len(pair) > 1 else ""
        lower, upper = _names(first)
        yield Fault(
            f'"/{first.path}"{more} comes from "{lower}", and just the same from "{upper}": one image store of Docker would leave it '
            "out of the second layer, and the other would not",
            upper,
            "leave it out of one of the two, for instance with exclude",
        )


def _names(overlap: Overlap) -> tuple[str, str]:
    """What people call the two: steps, or stages of one step."""
    if overlap.lower.step == overlap.upper.step:
        return overlap.lower.name, overlap.upper.name
    return overlap.lower.step, overlap.upper.step


def packed_overlaps(plan: BuildPlan, project: Project) -> Iterator[Overlap]:
    """What two steps of files and code bring to the same place; raises :class:`ContextError` as :meth:`Project.entries` does."""
    packed = [(stage, recipe) for stage in map(plan.stage, plan.layers) if (recipe := stage.packed()) is not None]
    if len(packed) < 2:
        return
    layers = [(stage, _modes(recipe, project)) for stage, recipe in packed]
    candidates = list(overlaps(layers))
    recipes = {stage.name: recipe for stage, recipe in packed}
    contents = {name: _contents(recipes[name], project) for overlap in candidates for name in (overlap.lower.name, overlap.upper.name)}
    for overlap in candidates:
        if contents[overlap.lower.name].get(overlap.path) == contents[overlap.upper.name].get(overlap.path):
            yield overlap


def _modes(packed: PackedFiles, project: Project) -> Mapping[str, Hashable]:
    place = places(packed.files)
    found = project.modes(packed.files.source, packed.files.exclude)
    entries = {place(path): "executable" if packed.executable and mode == "file" else mode for path, mode in found.items()}
    # The directory to which all of it goes is there, too, when it is empty.
    tops = [packed.files.target.strip("/")] if packed.files.directory else []
    return {**dict.fromkeys(filter(None, tops), DIRECTORY), **entries}


def _contents(packed: PackedFiles, project: Project) -> Mapping[str, str]:
    place = places(packed.files)
    found: Sequence[tuple[str, str, str]] = project.entries(packed.files.source, packed.files.exclude)
    return {place(path): content for path, _, content in found}
