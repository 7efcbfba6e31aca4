"""The labels that a Dockerfile gives to its image."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from optimizer.dockerfile.scope import ResolvedStage


def labels(stages: Iterable[ResolvedStage]) -> Mapping[str, str | None]:
    """The labels of the image that the stages make, the lowest stage first; None for a value that only the build decides.

    Those of the base image are not among them.
    """
    found: dict[str, str | None] = {}
    for item in stages:
        for instruction, values in zip(item.stage.instructions, item.expanded, strict=True):
            if instruction.keyword == "LABEL":
                for (name, _, _), value in zip(instruction.pairs(), values, strict=True):
                    found[name.strip("\"'")] = value
    return found
