from __future__ import annotations

from tests.linting.cases import Case
from tests.linting.images import breaks, good, keeps

CATCHES: list[Case] = [
    breaks(good(manifest_bytes=25_401), "the manifest has 25,401 bytes"),
]
PASSES: list[Case] = [
    keeps(good(manifest_bytes=25_400)),
    keeps(good()),
]
