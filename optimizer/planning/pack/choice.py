"""What was decided about the packages of a fleet, and what is known of the decision."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from optimizer.model.packing import Groups


class Reason(enum.Enum):
    """Why a packing was adopted, or why the current one stays."""

    FIRST = "nothing is deployed yet"
    GAIN = "what it saves over the horizon is more than what moving packages pushes"
    BUDGET = "an image has more layers than the budget"
    SMALL_GAIN = "what another would save over the horizon is less than what moving packages pushes"
    UNCHANGED = "none is expected to push less"

    @property
    def adopted(self) -> bool:
        """Whether the packing is another than the current one."""
        return self in (Reason.FIRST, Reason.GAIN, Reason.BUDGET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What is expected of a packing.

    ``pushed`` is in bytes per deployment, over all images together; ``stored``
    are the bytes of all layers as the packages are today, each counted once;
    ``layers`` is the most that any image has, the layer of what no group names
    included.
    """

    pushed: float
    stored: int
    layers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The packing for a fleet: the best that was found, or the current one where changing it does not pay.

    ``groups`` is the packing to keep.  ``chosen`` is what is expected of it;
    ``current``, ``one_layer`` and ``apart`` the same of the current packing
    (None where nothing is deployed), of one layer for all packages of an image,
    and of a layer for each package (or set of them that may not be parted),
    which no budget allows.  ``lower_bound``:
    no packing within the budget is expected to push fewer bytes per deployment.

    ``gain`` is what the best one found is expected to save over the current
    one, in bytes per deployment; ``moved`` are the bytes that are pushed to
    adopt it, beyond those that the current one would push too.  Where the current one stays, both are of that which would be
    pushed least.  ``kept`` is the share of the current layers that stay, from 0
    to 1, of those in which no package changed; 1 where there is none.
    """

    groups: Groups
    reason: Reason
    chosen: Estimate
    current: Estimate | None
    one_layer: Estimate
    apart: Estimate
    lower_bound: float
    gain: float
    moved: int
    kept: float

    @property
    def adopted(self) -> bool:
        """Whether ``groups`` is another packing than the current one."""
        return self.reason.adopted

    @property
    def gap(self) -> float:
        """How much of the expected bytes another packing could save at most, from 0 to 1."""
        return 1 - self.lower_bound / self.chosen.pushed if self.chosen.pushed else 0.0
