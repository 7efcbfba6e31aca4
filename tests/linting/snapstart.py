"""Functions with SnapStart, as cases of rules."""

from __future__ import annotations

from typing import Any

from optimizer.dockerfile.instruction import Position, Span
from optimizer.linting.subjects import DockerfileSubject, FunctionSubject
from optimizer.model.function import Qualifier
from tests.linting.cases import function, image

ON = {"SnapStart": {"ApplyOn": "PublishedVersions"}}
HIDDEN = {"SnapStart": {"ApplyOn": {"Ref": "Apply"}}}
PLACE = Span(Position(7, 7), Position(7, 16))
BY_SAM = (Qualifier(name="Api.Version", alias=False), Qualifier(name="Api.Alias", alias=True))
"""What AutoPublishAlias makes."""


def restored(properties: dict[str, Any] | None = None, **known: Any) -> FunctionSubject:
    """A function with SnapStart, which stands on the seventh line of its template."""
    return function(properties={**ON, **(properties or {})}, spans={("SnapStart",): PLACE}, **known)


def on(base: str, *lines: str) -> DockerfileSubject:
    """An image of a base, for Lambda's default architecture."""
    return image("\n".join([f"FROM {base}", *lines]))
