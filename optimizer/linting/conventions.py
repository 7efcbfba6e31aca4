"""The conventions that images are checked against, as a value."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from optimizer.bases.lock import Lock
from optimizer.bases.mirror import Mirror
from optimizer.linting.budgets import Budget
from optimizer.linting.finding import Severity
from optimizer.linting.suppressions import Suppression, path_matches
from optimizer.model.stability import Stability
from optimizer.version import page_address


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """The conventions of an organization, and the day on which they are applied.

    ``severities`` maps ids of rules to another severity than their own; None
    switches a rule off.  ``mirror`` is where images are pulled from; ``lock``
    the pins that the app has.

    ``registries`` are the prefixes under which base and builder images may
    stand, the mirror's beside them; ``runtimes``, ``architectures`` and
    ``repository`` what functions may use; of each, empty allows everything.
    ``oldest_pin_days`` is how many days ago a pin may have been resolved, and
    ``max_image_bytes`` how large the layers of an image may be in a registry;
    None sets no limit.  ``budgets`` limit the layers of functions above the
    base, of each limit the first that fits.  ``stabilities`` maps patterns of paths in the build
    context, such as ``models/*``, to how often the files change; the first that
    fits counts, and nothing is guessed for the rest.

    ``fail_on`` is the lowest severity that fails a run; ``select`` and
    ``ignore`` choose rules, and ``rules_up_to`` is the release, such as
    ``0.2``, after which rules are too new to be run; empty for none.  ``include`` and ``exclude`` choose files by
    patterns; empty ``include`` means all.  ``suppressions`` stand beside those
    in Dockerfiles, and their patterns start where those of ``include`` do.
    ``rule_pages`` is the address under which a page ``<id>.md`` for each rule
    is published; default: where the project is, and empty until it is.
    """

    today: datetime.date
    severities: Mapping[str, Severity | None] = field(default_factory=dict)
    mirror: Mirror = Mirror()
    lock: Lock = Lock()
    registries: tuple[str, ...] = ()
    runtimes: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    repository: str = ""
    oldest_pin_days: int | None = 90
    stabilities: Mapping[str, Stability] = field(default_factory=dict)
    max_image_bytes: int | None = None
    budgets: tuple[Budget, ...] = ()
    fail_on: Severity = Severity.WARNING
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    rule_pages: str = page_address("docs/rules")
    rules_up_to: str = ""

    def covers(self, path: str) -> bool:
        """Whether the file, by its path from where the patterns start, is checked."""
        if self.include and not any(path_matches(pattern, path) for pattern in self.include):
            return False
        return not any(path_matches(pattern, path) for pattern in self.exclude)
