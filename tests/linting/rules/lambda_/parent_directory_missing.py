from __future__ import annotations

from tests.images.test_overlay import entry
from tests.linting.cases import Case
from tests.linting.images import BASE, breaks, good, keeps

CATCHES: list[Case] = [
    breaks(good(entry("opt/x/y", "1")), "layer 1 holds entries of 2 directories that have no entries themselves: opt, opt/x"),
    breaks(good(entry("x/y", "1")), "layer 1 holds entries of 1 directory that has no entry itself: x"),
]
PASSES: list[Case] = [
    keeps(good()),
    keeps(good(entry("opt/x/y", "1"), base=BASE)),
]
