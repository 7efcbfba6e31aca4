"""In-memory stand-ins for the adapters that talk, for tests of whatever uses them."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.adapters.registry import ResolvedImage
from optimizer.errors import RegistryError
from optimizer.model.reference import ImageReference


class MemoryRegistry:
    """A registry that knows the given references, and keeps a list of what it was asked."""

    def __init__(self, images: Mapping[str, ResolvedImage]) -> None:
        self._images = dict(images)
        self.asked: list[str] = []

    def resolve(self, reference: ImageReference) -> ResolvedImage:
        """The image given for ``str(reference)``; raises RegistryError for any other."""
        self.asked.append(str(reference))
        try:
            return self._images[str(reference)]
        except KeyError:
            raise RegistryError(
                f'registry "{reference.registry}" does not know "{reference}" (404)',
                hint="check the repository and the tag for a misspelling",
            ) from None
