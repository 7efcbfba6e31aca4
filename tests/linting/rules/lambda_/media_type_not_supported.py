from __future__ import annotations

from dataclasses import replace

from tests.images.archives import OCI_GZIP, OCI_INDEX
from tests.images.test_analysis import image
from tests.linting.cases import Case
from tests.linting.images import breaks, good, keeps

CATCHES: list[Case] = [
    breaks(good(media_type="application/octet-stream"), 'layer 1 has the media type "application/octet-stream"'),
    breaks(replace(good(), image=image("a", media_type=OCI_INDEX)), "the manifest has the media type"),
]
PASSES: list[Case] = [
    keeps(good(media_type=OCI_GZIP)),
    keeps(good(media_type="application/vnd.docker.image.rootfs.diff.tar.gzip")),
    keeps(good()),
]
