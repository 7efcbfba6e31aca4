from __future__ import annotations

from tests.images.test_overlay import entry
from tests.linting.cases import Case
from tests.linting.images import BASE, breaks, good, keeps

CATCHES: list[Case] = [
    breaks(good(entry("var/task/h", kind="hardlink")), "layer 1 holds 1 hard link: var/task/h"),
]
PASSES: list[Case] = [
    keeps(good()),
    keeps(good(entry("var/task/h", kind="hardlink"), base=BASE)),
]
