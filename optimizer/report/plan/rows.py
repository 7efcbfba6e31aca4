"""The functions and runtimes of an app with the layers of their images, and both as data for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.model.snapstart import HOOKS, NO_HOOKS
from optimizer.planning.explanation import ExplainedStage, FleetLayer, Sum, fleet_layers
from optimizer.report.plan.figures import rounded, stage_to_dict

PROMISES = {HOOKS: "hooks, by the restore protocol", NO_HOOKS: "no hooks, by its label"}
_NEEDS = {"works": "its base asks for nothing", "needs": "no promise, without which publishing a version fails"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapStartRow:
    """What is shown of SnapStart, of a function that asks for it.

    ``promise`` is that of the image, empty for none; ``base`` says whether the
    base image ``works`` without one or ``needs`` one, empty where that is
    unknown.  ``published`` names the versions and aliases in the template.
    """

    promise: str
    base: str
    published: tuple[str, ...]

    def __str__(self) -> str:
        image = PROMISES.get(self.promise) or _NEEDS.get(self.base) or "it is unknown what its base asks for"
        return f"{image}; {'published as ' + ', '.join(self.published) if self.published else 'never published, so without effect'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRow:
    """What is shown of one function of an app; texts are empty where nothing is known.

    ``registry`` is the host of the repository; ``snapstart`` is None for a
    function without it.  ``explained`` are the stages of its image, empty where
    it has no plan.  ``runtime`` is None for a function, and the name of a
    customer-managed runtime for the image of one of its architectures.
    """

    path: str
    handler: str
    architecture: str
    image: str
    repository: str
    registry: str
    base: str
    stages: tuple[str, ...]
    note: str = ""
    snapstart: SnapStartRow | None = None
    explained: tuple[ExplainedStage, ...] = ()
    runtime: str | None = None

    @property
    def own_size(self) -> Sum:
        """The bytes above the base."""
        return Sum.of(each.figures.size_bytes for each in self.explained if each.is_layer)


def layers_of(rows: Sequence[FunctionRow]) -> tuple[FleetLayer, ...]:
    """The layers of the functions, each once, those of most functions first."""
    return fleet_layers([row.explained for row in rows])


def layer_counts(layers: Sequence[FleetLayer], functions: int) -> list[tuple[int, int]]:
    """For each of so many functions: how many layers it shares with others, and how many only it has."""
    counts = [[0, 0] for _ in range(functions)]
    for layer in layers:
        for number in layer.functions:
            counts[number][len(layer.functions) == 1] += 1
    return [(shared, own) for shared, own in counts]


def expected_push(layers: Sequence[FleetLayer]) -> Sum:
    """The bytes that a deployment of the whole app is expected to push."""
    return Sum.of(layer.explained.pushed_bytes for layer in layers)


def functions_to_dict(rows: Sequence[FunctionRow]) -> dict[str, Any]:
    """An app as plain data; a layer names its functions and runtimes by their paths, and its size is null where nobody knows it."""
    layers = layers_of(rows)
    pushed = expected_push(layers)
    counted = list(zip(rows, layer_counts(layers, len(rows)), strict=True))
    return {
        "functions": [_function_to_dict(row, counts) for row, counts in counted if row.runtime is None],
        "runtimes": [_runtime_to_dict(row, counts) for row, counts in counted if row.runtime is not None],
        "layers": [
            {**stage_to_dict(layer.explained), "names": list(layer.names), "functions": [rows[number].path for number in layer.functions]}
            for layer in layers
        ],
        "expected": {"pushedBytes": round(pushed.value), "sizesUnknown": pushed.unknown},
    }


def _function_to_dict(row: FunctionRow, counts: tuple[int, int]) -> dict[str, Any]:
    return {
        "path": row.path,
        "handler": row.handler,
        **_image_to_dict(row, counts),
        **({"snapstart": _snapstart_to_dict(row.snapstart)} if row.snapstart else {}),
        **({"note": row.note} if row.note else {}),
    }


def _runtime_to_dict(row: FunctionRow, counts: tuple[int, int]) -> dict[str, Any]:
    return {"path": row.path, "runtime": row.runtime, **_image_to_dict(row, counts), **({"note": row.note} if row.note else {})}


def _image_to_dict(row: FunctionRow, counts: tuple[int, int]) -> dict[str, Any]:
    shared, own = counts
    return {
        "architecture": row.architecture,
        "image": row.image,
        "repository": row.repository,
        "registry": row.registry,
        "base": row.base,
        "stages": list(row.stages),
        **(
            {
                "ownBytes": round(row.own_size.value),
                "sizesUnknown": row.own_size.unknown,
                "sharedLayers": shared,
                "ownLayers": own,
                "expectedSeconds": rounded(Sum.of(each.seconds for each in row.explained).value),
            }
            if row.explained
            else {}
        ),
    }


def _snapstart_to_dict(row: SnapStartRow) -> dict[str, Any]:
    return {"promise": row.promise, "base": row.base, "published": list(row.published)}
