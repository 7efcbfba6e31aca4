"""What a house asks of its images, as a value."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from optimizer.bases.lock import Lock
from optimizer.bases.mirror import Mirror
from optimizer.lint.finding import Severity
from optimizer.model.stability import Stability


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """The house's conventions, and the day on which they are applied.

    ``severities`` maps ids of rules to another severity than their own; None
    switches a rule off.  ``mirror`` is where images are pulled from; ``lock``
    the pins that the app has.  ``oldest_pin_days`` is how many days ago a pin
    may have been resolved; None for any time.  ``stabilities`` maps patterns
    of paths in the build context, such as ``models/*``, to how often the files
    change; the first that fits counts, and nothing is guessed for the rest.
    """

    today: datetime.date
    severities: Mapping[str, Severity | None] = field(default_factory=dict)
    mirror: Mirror = Mirror()
    lock: Lock = Lock()
    oldest_pin_days: int | None = 90
    stabilities: Mapping[str, Stability] = field(default_factory=dict)
