"""What a deployment of an image is expected to cost, stage by stage, and what the images of an app have in common.

Terms
    change     of a stage: its own inputs are others than at the last deployment
    made       a stage is made again when it changes, or a stage that it is made of
    expected   a number of bytes or seconds times the probability that the stage is made

Steps change independently of each other.  A new base image makes everything
again, in every order and packing, and is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from optimizer.model.figures import Figures, Source
from optimizer.model.plan import BuildPlan, Stage
from optimizer.planning.document import KeptPlan
from optimizer.planning.keys import made_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedStage:
    """A stage with its key and its numbers.

    ``is_layer`` says whether it is a layer of the image; else another stage
    takes something of it.  ``made`` is the probability, per deployment, that it
    is made again.
    """

    stage: Stage
    key: str
    figures: Figures
    is_layer: bool
    made: float

    @property
    def pushed_bytes(self) -> float | None:
        """The bytes that a deployment is expected to push; None for a layer of unknown size."""
        if not self.is_layer:
            return 0.0
        return None if self.figures.size_bytes is None else self.figures.size_bytes * self.made

    @property
    def seconds(self) -> float | None:
        """The seconds that a deployment is expected to spend on it; None where nobody knows what it takes."""
        return None if self.figures.seconds is None else self.figures.seconds * self.made


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """A sum of what is known, and of how many things it is not known."""

    value: float
    unknown: int

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Sum:
        """The sum of the values, of which None are unknown."""
        listed = list(values)
        known = [value for value in listed if value is not None]
        return cls(value=sum(known), unknown=len(listed) - len(known))


def explain(kept: KeptPlan, file_sizes: Mapping[str, int]) -> tuple[ExplainedStage, ...]:
    """The layers of an image, the lowest first, and then the stages that are no layers.

    ``file_sizes`` are the bytes of stages that only hold files of the project,
    by their names.
    """
    plan = kept.plan
    layers = plan.above_base
    others = [stage.name for stage in plan.stages if stage.name not in layers]
    figures = {stage.name: _figures(stage, file_sizes.get(stage.name)) for stage in plan.stages}
    made = _made(plan, figures)
    return tuple(
        ExplainedStage(stage=plan.stage(name), key=kept.keys[name], figures=figures[name], is_layer=position < len(layers), made=made[name])
        for position, name in enumerate((*layers, *others))
    )


def _figures(stage: Stage, file_size: int | None) -> Figures:
    found = stage.figures or Figures.of_stability(stage.stability)
    if found.size_bytes is not None or file_size is None:
        return found
    return replace(found, size_bytes=file_size, size_from=Source.FILES)


def _made(plan: BuildPlan, figures: Mapping[str, Figures]) -> dict[str, float]:
    """The probability of each stage to be made again; stages stand after those that they are made of."""
    below: dict[str, frozenset[str]] = {}
    for stage in plan.stages:
        below[stage.name] = frozenset({stage.name}).union(*(below[name] for name in made_of(stage)))
    return {name: 1.0 - _survival(figures[each].probability for each in sorted(names)) for name, names in below.items()}


def _survival(probabilities: Iterable[float]) -> float:
    survival = 1.0
    for probability in probabilities:
        survival *= 1.0 - probability
    return survival


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetLayer:
    """A layer that some functions of an app have; equal keys are equal layers.

    ``explained`` is what the first image says of it, ``names`` are those that
    images give it, and ``functions`` the numbers of the functions that have it,
    from 0, never empty.
    """

    explained: ExplainedStage
    names: tuple[str, ...]
    functions: tuple[int, ...]

    @property
    def key(self) -> str:
        return self.explained.key

    @property
    def size_bytes(self) -> int | None:
        return self.explained.figures.size_bytes


def fleet_layers(images: Sequence[Sequence[ExplainedStage]]) -> tuple[FleetLayer, ...]:
    """The layers of the images of an app's functions, each once: those of most functions first, then in the order of the images.

    ``images`` has the explained stages of each function's image, empty where
    nothing is known of it.
    """
    first: dict[str, ExplainedStage] = {}
    names: dict[str, dict[str, None]] = {}
    users: dict[str, dict[int, None]] = {}
    for number, stages in enumerate(images):
        for explained in stages:
            if explained.is_layer:
                first.setdefault(explained.key, explained)
                names.setdefault(explained.key, {})[explained.stage.name] = None
                users.setdefault(explained.key, {})[number] = None
    found = [FleetLayer(explained=first[key], names=tuple(names[key]), functions=tuple(users[key])) for key in first]
    return tuple(sorted(found, key=lambda layer: -len(layer.functions)))
