from __future__ import annotations

from tests.images.archives import OCI_GZIP, OCI_TAR
from tests.linting.cases import Case
from tests.linting.images import breaks, good, keeps, stored

CATCHES: list[Case] = [
    breaks(stored(good(layers=2, media_type=OCI_TAR), compression="none"), "layer 1 is stored uncompressed", times=2),
]
PASSES: list[Case] = [
    keeps(stored(good(media_type=OCI_GZIP), compression="gzip")),
    # What docker save writes is uncompressed, and says nothing of what a push sends.
    keeps(stored(good(), compression="none")),
]
