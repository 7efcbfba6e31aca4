from __future__ import annotations

from tests.linting.cases import Case
from tests.linting.images import breaks, good, keeps, stored

CATCHES: list[Case] = [
    breaks(stored(good(), uncompressed_bytes=(10 << 30) + 1), "the layers have 10,737,418,241 bytes uncompressed"),
]
PASSES: list[Case] = [
    keeps(stored(good(), uncompressed_bytes=10 << 30)),
]
