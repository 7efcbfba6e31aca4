from __future__ import annotations

from tests.linting.cases import Case
from tests.linting.images import breaks, good, keeps, stored

CATCHES: list[Case] = [
    breaks(stored(good(), compression="zstd"), "layer 1 is compressed by zstd"),
]
PASSES: list[Case] = [
    keeps(good()),
]
