from __future__ import annotations

from tests.lint.cases import Case
from tests.lint.images import breaks, good, keeps, stored

CATCHES: list[Case] = [
    breaks(stored(good(), compression="zstd"), "layer 1 is compressed by zstd"),
]
PASSES: list[Case] = [
    keeps(good()),
]
