"""Images, read whole: every layer in one pass."""

from __future__ import annotations

import os

from optimizer.adapters.images.layers import LayerPass
from optimizer.adapters.images.opening import open_image
from optimizer.adapters.images.tar import Budget
from optimizer.adapters.tree import Source
from optimizer.images.analysis import ImageAnalysis, analyse, find_base
from optimizer.images.overlay import LayerContent, Overlay
from optimizer.linting.finding import Location
from optimizer.linting.subjects import ImageSubject
from optimizer.model.image import Image, ImageSource


def load_image(subject: str, *, source: str | None = None, platform: str | None = None, estimate: bool = False) -> Source:
    """The built image that a person names, as a subject of the rules.

    Names and errors are those of :func:`open_image`; ``estimate`` is that of
    :func:`read_image`.
    """
    with open_image(subject, source=source, platform=platform) as opened:
        analysis = read_image(opened, estimate=estimate)
    in_file = analysis.image.source in ("archive", "layout")
    location = Location(path=os.path.normpath(subject)) if in_file else Location(construct=subject)
    return Source(subjects=(ImageSubject(analysis=analysis, location=location),), generated=True)


def read_image(opened: ImageSource, *, base: Image | None = None, estimate: bool = False) -> ImageAnalysis:
    """The analysis of an image.

    ``base`` tells its first layers exactly; ``estimate`` compresses layers
    whose source has them uncompressed, to tell their size.  Raises
    :class:`ImageError` for a layer that cannot be read.
    """
    image = opened.image
    overlay, budget = Overlay(), Budget()
    contents = []
    for number, layer in enumerate(image.layers):
        with LayerPass(opened, number, budget, estimate=estimate and layer.compressed_bytes is None) as reading:
            entries, links, orphans = overlay.add(reading.entries())
            contents.append(
                LayerContent(
                    compression=reading.compression,
                    entries=entries,
                    uncompressed_bytes=reading.uncompressed_bytes,
                    estimated_bytes=reading.estimated_bytes,
                    hard_links=links,
                    orphans=orphans,
                )
            )
    return analyse(image, contents, overlay, find_base(image, base))
