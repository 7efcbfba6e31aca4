from __future__ import annotations

from tests.linting.cases import Case
from tests.linting.images import breaks, good, keeps

CATCHES: list[Case] = [
    breaks(good(indexed=True), "the name is that of an image index; allowed: the manifest of one image"),
    breaks(good(indexed=True, platforms=("linux/amd64",), attestations=1), "an image index (linux/amd64, 1 attestation); allowed"),
    breaks(good(indexed=True, platforms=("linux/amd64", "linux/arm64"), attestations=2), "(linux/amd64, linux/arm64, 2 attestations)"),
]
PASSES: list[Case] = [
    keeps(good()),
]
