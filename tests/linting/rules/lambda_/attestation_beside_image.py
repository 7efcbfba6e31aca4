from __future__ import annotations

from tests.linting.cases import Case
from tests.linting.images import breaks, good, keeps

CATCHES: list[Case] = [
    breaks(good(attestations=1), "the index holds 1 attestation, "),
    breaks(good(attestations=2), "the index holds 2 attestations, "),
]
PASSES: list[Case] = [
    keeps(good()),
]
