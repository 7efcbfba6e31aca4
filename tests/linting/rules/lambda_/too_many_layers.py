from __future__ import annotations

from tests.linting.cases import Case
from tests.linting.images import breaks, good, keeps

CATCHES: list[Case] = [
    breaks(good(layers=126), "the image has 126 layers"),
]
PASSES: list[Case] = [
    keeps(good(layers=125)),
]
