"""Images, wherever they are: how a name given by a person becomes an image that can be read."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from optimizer.adapters.engine import Engine
from optimizer.adapters.images.files import open_files
from optimizer.errors import EngineError, ImageError, SpecError
from optimizer.model.image import Image, ImageSource
from optimizer.model.reference import ImageReference


@contextlib.contextmanager
def open_image(
    subject: str, *, source: str | None = None, platform: str | None = None, engine: Engine | None = None
) -> Iterator[ImageSource]:
    """The image that a person names.

    Without ``source`` (one of :data:`optimizer.model.sources.SOURCES`), a path that exists is an
    archive or a layout; else an image that the engine has is that one; else
    it is a reference in a registry.

    Raises :class:`ImageError`, :class:`EngineError` or :class:`RegistryError`.
    """
    engine = engine or Engine()
    found, reason = (source, "") if source else _where(subject, engine)
    if found in ("archive", "layout"):
        opened: ImageSource = open_files(Path(subject), platform=platform, layout_only=source == "layout")
        with contextlib.closing(opened):
            yield opened
    elif found == "engine":
        if not engine.has(subject):
            raise EngineError(f'the engine has no image "{subject}"', hint="check the name: docker image ls")
        with (
            engine.saved(subject) as path,
            contextlib.closing(open_files(path, platform=platform, name=subject, source="engine")) as opened,
        ):
            yield opened
    else:
        # Imported here: a file needs no HTTP client.
        from optimizer.adapters.images.remote import open_remote
        from optimizer.adapters.registry.client import HttpRegistry
        from optimizer.adapters.registry.credentials import DefaultCredentials

        reference = _reference(subject, reason)
        with HttpRegistry(DefaultCredentials()) as registry:
            yield open_remote(registry, reference, platform)


def describe_image(subject: str, *, platform: str | None = None, engine: Engine | None = None) -> Image:
    """The image that a person names, of which only the layers' digests are asked: nothing large is read."""
    engine = engine or Engine()
    source, _ = _where(subject, engine)
    if source == "engine":
        return engine.describe(subject)
    with open_image(subject, source=source if source == "registry" else None, platform=platform, engine=engine) as opened:
        return opened.image


def _where(subject: str, engine: Engine) -> tuple[str, str]:
    """The source of a subject, and why the ones before it were not."""
    if os.path.exists(subject):
        return "archive", ""
    try:
        if engine.has(subject):
            return "engine", ""
    except EngineError as error:
        return "registry", error.faults[0].message
    return "registry", "the engine has no such image"


def _reference(subject: str, reason: str) -> ImageReference:
    try:
        return ImageReference.parse(subject)
    except SpecError as error:
        if not reason:
            raise
        raise ImageError(
            f'no image "{subject}": there is no such file, {reason}, and it is not a reference with a registry',
            hint=error.faults[0].hint + ", or a file or an image of the engine",
        ) from None
