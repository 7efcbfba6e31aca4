from __future__ import annotations

from tests.linting.cases import Case
from tests.linting.images import breaks, good, keeps

CATCHES: list[Case] = [
    breaks(good(history=()), "the history describes 0 layers, but the image has 1"),
]
PASSES: list[Case] = [
    keeps(good()),
]
