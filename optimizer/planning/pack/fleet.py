"""What a packing is decided from: the packages of all images, and what past deployments changed of them.

All of it is about one ecosystem; names are normalised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSet:
    """The packages of one image as they are today.

    ``packages`` gives the compressed bytes of each by its name.  ``versions``
    is needed where images have different versions of a package: layers are
    shared only at equal ones.  Packages that it does not name are taken to be
    the same wherever they have the same size.
    """

    name: str
    packages: Mapping[str, int]
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A past deployment that changed packages, or several that changed the same ones.

    ``packages`` are those of which a version changed, and those that went;
    ``added`` those that no image had before.  They may name packages that are
    gone since.  ``weight`` is how many deployments it counts for: 1 for a
    recent one, less for an old one.  ``sets`` are the images that it changed;
    None: all that have any of the packages.
    """

    packages: frozenset[str]
    weight: float = 1.0
    added: frozenset[str] = frozenset()
    sets: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """All images of an app, and its past.

    ``deployments`` is the weight of all that were observed, those that changed
    no package too: at least the sum of the weights of ``changes``.  Raises
    ValueError where sizes or weights cannot be: they are to be read before.
    """

    sets: tuple[PackageSet, ...]
    changes: tuple[Change, ...] = ()
    deployments: float = 0.0

    def __post_init__(self) -> None:
        if any(size < 0 for each in self.sets for size in each.packages.values()):
            raise ValueError("a package has a size below 0")
        if any(not change.weight > 0 for change in self.changes):
            raise ValueError("a change has no weight over 0")
        if len({each.name for each in self.sets}) < len(self.sets):
            raise ValueError("two sets have one name")
        # Sums of weights are rounded.
        if self.deployments < sum(change.weight for change in self.changes) * (1 - 1e-9):
            raise ValueError("there are more changes than deployments")
