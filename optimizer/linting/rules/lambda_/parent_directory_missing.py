"""LIO662: a layer has entries in a directory that has no entry."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import ImageSubject
from optimizer.linting.violations import in_image


def _check(subject: ImageSubject, conventions: Conventions) -> Iterator[Verdict]:
    for number, item in enumerate(subject.analysis.layers, 1):
        orphans = item.content.orphans
        if orphans.count and not item.from_base:
            noun = "directory that has no entry itself" if orphans.count == 1 else "directories that have no entries themselves"
            yield in_image(f"layer {number} holds entries of {orphans.count} {noun}", orphans)


RULE = Rule(
    id="LIO662",
    name="parent-directory-missing",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A layer of the image holds entries of a directory that has no entry of its own.",
    why="Engines make the missing directory themselves; Lambda has refused such images, so a test on a laptop does not find this.",
    fix="let the tool that wrote the layer add an entry for each parent directory; docker build does",
    bad="$ tar --list --file layer.tar\nopt/models/ranker.onnx",
    good="$ tar --list --file layer.tar\nopt/\nopt/models/\nopt/models/ranker.onnx",
    example="console",
    image=_check,
)
