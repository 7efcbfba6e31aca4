"""What the commands that write images say of one."""

from __future__ import annotations

import time

from optimizer.publishing.assembling import Assembled
from optimizer.publishing.images import PublishImage
from optimizer.report.build import BuiltImage


def built_image(image: PublishImage, made: Assembled, name: str, output: str, started: float) -> BuiltImage:
    """An image that went to ``output`` under a name; ``started`` is when, by the monotonic clock."""
    return BuiltImage(
        name=image.name,
        reference=name,
        output=output,
        platform=image.plan.platform,
        digest=made.image.documents.digest,
        config_digest=made.image.documents.config_digest,
        layers=made.layers,
        seconds=time.monotonic() - started,
    )
