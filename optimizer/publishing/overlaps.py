"""Tells of trees that bring the same to one place, which is seen only once they are made.

Files and code are compared before (:mod:`optimizer.builders.overlaps`), and
refused.  What an installer or a command brings twice may not be in the user's
hand, and harms nothing here: each layer is a whole tree, as Docker's own image
store has it.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping

from optimizer.adapters.images.tar import Budget, TarReader
from optimizer.builders.overlaps import Overlap, overlap_faults, overlaps
from optimizer.model.progress import Noted, Report
from optimizer.publishing.images import PublishImage
from optimizer.publishing.making import MadeLayer


def report_overlaps(images: Iterable[PublishImage], made: Mapping[str, MadeLayer], report: Report) -> None:
    """Report what two layers of one image bring to one place, as far as both were made in this run."""
    for image in images:
        for fault in overlap_faults(_overlaps(image, made)):
            report(Noted(f"warning: {image.name}: {fault.message}; {fault.hint}"))


def _overlaps(image: PublishImage, made: Mapping[str, MadeLayer]) -> Iterator[Overlap]:
    stages = [stage for stage in map(image.plan.stage, image.plan.layers) if image.key(stage) in made]
    candidates = list(overlaps((stage, made[image.key(stage)].entries) for stage in stages))
    wanted: dict[str, set[str]] = {}
    for overlap in candidates:
        for stage in (overlap.lower, overlap.upper):
            wanted.setdefault(image.key(stage), set()).add(overlap.path)
    digests = {key: _digests(made[key], paths) for key, paths in wanted.items()}
    for overlap in candidates:
        if digests[image.key(overlap.lower)].get(overlap.path) == digests[image.key(overlap.upper)].get(overlap.path):
            yield overlap


def _digests(layer: MadeLayer, paths: Collection[str]) -> dict[str, str]:
    """The digests of what files hold, by path."""
    found = {}
    with gzip.open(layer.file) as file:
        reader = TarReader(file, "a layer", Budget())
        for entry in reader:
            if entry.path in paths and entry.kind == "file":
                digest = hashlib.sha256()
                for chunk in reader.content():
                    digest.update(chunk)
                found[entry.path] = digest.hexdigest()
    return found
