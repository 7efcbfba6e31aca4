"""LIO657: the history does not cover every layer."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import ImageSubject
from optimizer.linting.violations import in_image


def _check(subject: ImageSubject, conventions: Conventions) -> Iterator[Verdict]:
    image = subject.analysis.image
    steps = sum(not step.empty for step in image.history)
    if steps != len(image.layers):
        yield in_image(f"the history describes {steps} layers, but the image has {len(image.layers)}")


RULE = Rule(
    id="LIO657",
    name="history-incomplete",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The history of the image does not have one entry for each layer.",
    why="People whose tools wrote no history had their images refused by Lambda. Builders write one; tools that assemble layers may not.",
    fix="let the tool that wrote the image add one entry of history per layer",
    bad='"rootfs": {"diff_ids": ["sha256:1111...", "sha256:2222..."]},\n"history": []',
    good='"rootfs": {"diff_ids": ["sha256:1111...", "sha256:2222..."]},\n"history": [{"created_by": "base"}, {"created_by": "code"}]',
    example="text",
    image=_check,
)
