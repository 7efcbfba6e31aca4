"""Holds the layers of one lock against one another: no two of them may hold one path, whoever made them, and when.

What a layer claims stands in its annotation, so that layers which repositories
have need not be read.  Only those whose claims meet are.
"""

from __future__ import annotations

import csv
import gzip
import posixpath
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

from optimizer.adapters.images.tar import Budget, TarReader
from optimizer.builders.claims import meet
from optimizer.builders.direct.image import LayerBlob
from optimizer.builders.parts import divided
from optimizer.errors import Fault, ImageError
from optimizer.model.plan import Stage
from optimizer.publishing.images import PublishImage

Chunks = Callable[[], Iterator[bytes]]
"""Gives the compressed bytes of a layer."""


@dataclass(frozen=True, slots=True)
class _Held:
    """What a layer holds: its files and its directories, and which package each file is of, as far as the packages' RECORDs tell."""

    files: frozenset[str]
    directories: frozenset[str]
    owners: dict[str, str]


def check_parts(image: PublishImage, layer_of: Callable[[Stage], tuple[LayerBlob, Chunks]]) -> None:
    """Raise :class:`ImageError` where two parts of one lock hold one path, with a fault for each such pair."""

    @cache
    def held(name: str) -> _Held:
        return _read(layer_of(image.plan.stage(name))[1](), name)

    faults = []
    for parts in divided(image.plan).values():
        for lower, upper in combinations(parts, 2):
            one, other = layer_of(lower)[0].paths, layer_of(upper)[0].paths
            if one and other and not meet(one, other):
                continue
            shared = _shared(held(lower.name), held(upper.name))
            if shared:
                faults.append(_fault(image, shared, (lower, held(lower.name)), (upper, held(upper.name))))
    if faults:
        raise ImageError(faults)


def _read(chunks: Iterator[bytes], name: str) -> _Held:
    # Imported here: most runs hold nothing against anything.
    from optimizer.model.python_names import normal_name

    files: set[str] = set()
    directories: set[str] = set()
    owners: dict[str, str] = {}
    with tempfile.TemporaryFile() as file:
        for chunk in chunks:
            file.write(chunk)
        file.seek(0)
        with gzip.open(file) as archive:
            reader = TarReader(archive, f'the layer "{name}"', Budget())
            for entry in reader:
                (directories if entry.kind == "directory" else files).add(entry.path)
                if entry.path.endswith(".dist-info/RECORD"):
                    info = posixpath.dirname(entry.path)
                    package = normal_name(posixpath.basename(info).removesuffix(".dist-info").partition("-")[0])
                    owners.update(dict.fromkeys(_recorded(b"".join(reader.content()).decode("utf-8", "replace"), info), package))
    return _Held(frozenset(files), frozenset(directories), owners)


def _recorded(record: str, info: str) -> Iterator[str]:
    for row in csv.reader(record.splitlines()):
        if row:
            # Installers differ in where they see a target's scripts from.
            yield posixpath.normpath(posixpath.join(posixpath.dirname(info), row[0].replace("../", "")))


def _shared(one: _Held, other: _Held) -> Sequence[str]:
    return sorted((one.files & other.files) | (one.files & other.directories) | (one.directories & other.files))


def _fault(image: PublishImage, shared: Sequence[str], *layers: tuple[Stage, _Held]) -> Fault:
    # What is compiled is where its source is.
    first = min(shared, key=lambda path: (path.endswith(".pyc"), path))
    more = f" and {len(shared) - 1} more" if len(shared) > 1 else ""
    lower, upper = (stage.name for stage, _ in layers)
    names = [_owner(held, first, shared) or stage.name for stage, held in layers]
    return Fault(
        f'"/{first}"{more} comes from {names[0]} in "{lower}", and from {names[1]} in "{upper}": installed at once, one of them would win',
        image.name,
        f'add ["{names[0]}", "{names[1]}"] to together in [packing] of optimizer.lock, and synthesize again',
    )


def _owner(held: _Held, first: str, shared: Sequence[str]) -> str:
    """The package that has the first of the paths, or, where no RECORD names that, another of them; empty for none."""
    return next((held.owners[path] for path in (first, *shared) if path in held.owners), "")
