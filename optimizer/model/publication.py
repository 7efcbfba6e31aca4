"""What became of images that were published."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

PRESENT, PUSHED, INDEX, WRITTEN = "present", "pushed", "index", "written"
"""States of the name of an image: it was there, it was pushed, it is that of an image index, which Lambda refuses, or it went to no registry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerResult:
    """Where one layer of a published image came from.

    ``key`` is that by which it is found.  ``source`` is ``found`` (the repository has it), ``mounted``, ``copied``
    (both from another repository), or ``made``; ``size`` are its compressed
    bytes, ``pushed`` those that were sent, and ``seconds`` what it took.
    """

    stage: str
    key: str
    source: str
    size: int
    pushed: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageResult:
    """One name of an image: ``state`` is one of those above, and ``digest`` is empty for what was not pushed."""

    name: str
    reference: str
    state: str
    digest: str = ""
    layers: tuple[LayerResult, ...] = ()

    @property
    def pushed_bytes(self) -> int:
        """The bytes of layers that were sent for this name."""
        return sum(layer.pushed for layer in self.layers)


Admit = Callable[[Sequence[ImageResult]], None]
"""Gets images that are about to leave, once all their layers are there; raises :class:`OptimizerError` where one may not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftImage:
    """An image that was not published, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedSize:
    """The bytes of an image's layers above the base as a registry stores them, by the names of their stages."""

    name: str
    reference: str
    layers: Mapping[str, int]


def published_sizes(results: Iterable[ImageResult], before: Mapping[str, PublishedSize]) -> tuple[PublishedSize, ...]:
    """The sizes of images, each once: of those that were not pushed what was known ``before`` of the same name and reference.

    An image of which nothing is known is left out.
    """
    found: dict[str, PublishedSize] = {}
    for result in results:
        known = before.get(result.name)
        if result.state == PUSHED:
            layers = {layer.stage: layer.size for layer in result.layers}
            found.setdefault(result.name, PublishedSize(name=result.name, reference=result.reference, layers=layers))
        elif known is not None and known.reference == result.reference:
            found.setdefault(result.name, known)
    return tuple(found.values())
