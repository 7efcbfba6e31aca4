from __future__ import annotations

from tests.linting.cases import Case
from tests.linting.images import breaks, good, keeps

CATCHES: list[Case] = [
    breaks(good(indexed=True), "the name is that of an image index"),
]
PASSES: list[Case] = [
    keeps(good()),
]
