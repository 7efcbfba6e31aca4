"""LIO661: a layer holds hard links."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import ImageSubject
from optimizer.linting.violations import in_image


def _check(subject: ImageSubject, conventions: Conventions) -> Iterator[Verdict]:
    for number, item in enumerate(subject.analysis.layers, 1):
        links = item.content.hard_links
        if links.count and not item.from_base:
            yield in_image(f"layer {number} holds {links.count} hard link{'' if links.count == 1 else 's'}", links)


RULE = Rule(
    id="LIO661",
    name="hard-link-in-layer",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A layer of the image holds hard links.",
    why=(
        "One team had an image refused for them. Installers that link from a cache make them: uv does where cache and target are on one file "
        "system."
    ),
    fix="copy instead of linking, for example UV_LINK_MODE=copy, or copy the tree through a build stage",
    bad="RUN uv pip install --target /var/task --requirement requirements.txt",
    good="RUN UV_LINK_MODE=copy uv pip install --target /var/task --requirement requirements.txt",
    example="text",
    image=_check,
)
