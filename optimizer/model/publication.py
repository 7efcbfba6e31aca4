"""What became of images that were published."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerResult:
    """Where one layer of a published image came from.

    ``key`` is that of its stage.  ``source`` is ``found`` (the repository has it), ``mounted``, ``copied``
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
    """One name of an image: ``state`` is ``present`` (it was there), or ``pushed``; ``digest`` is empty for the first."""

    name: str
    reference: str
    state: str
    digest: str = ""
    layers: tuple[LayerResult, ...] = ()

    @property
    def pushed_bytes(self) -> int:
        """The bytes of layers that were sent for this name."""
        return sum(layer.pushed for layer in self.layers)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftImage:
    """An image that was not published, and why."""

    name: str
    reason: str
