"""Compares the two ways to an image: an engine's build of the Dockerfile, and the assembly of layers."""

from __future__ import annotations

import contextlib
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path

from optimizer.adapters.engine import Engine
from optimizer.adapters.images.files import open_files
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.verification import BuildInputs, compare_files
from optimizer.images.compare import LayerComparison
from optimizer.model.progress import Report
from optimizer.model.reference import ImageReference
from optimizer.publishing.assembling import assembled
from optimizer.publishing.images import PublishImage
from optimizer.publishing.outputs import ArchivePublisher


def verify_assembly(
    image: PublishImage,
    registry: HttpRegistry,
    engine: Engine,
    *,
    reuse: Sequence[ImageReference] = (),
    report: Report = lambda event: None,
) -> tuple[LayerComparison, ...]:
    """The comparison of the image that an engine builds, without a cache, with the one that is assembled.

    Layers of ``reuse`` are taken from there, so that what repositories have is
    compared too; all others are made, on this machine where that can be.
    Leaves no image and no file behind.

    Raises :class:`EngineError` when a build fails, :class:`RegistryError` and
    :class:`ImageError` for images that cannot be read or compared.
    """
    name = f"optimizer-verify-{secrets.token_hex(8)}:engine"
    inputs = BuildInputs(directory=image.directory, options=image.options)
    with tempfile.TemporaryDirectory(prefix="optimizer-verify-") as directory, contextlib.ExitStack() as stack:
        archive = Path(directory, "assembled.tar")
        with assembled(image, "optimizer-verify:assembled", registry, reuse=reuse, report=report) as found:
            ArchivePublisher(archive).publish(found.image)
        stack.callback(engine.remove, name)
        engine.build([*inputs.words(), "--no-cache", f"--tag={name}"], image.directory)
        first = stack.enter_context(contextlib.closing(open_files(stack.enter_context(engine.saved(name)), name=name, source="engine")))
        second = stack.enter_context(contextlib.closing(open_files(archive, name="the assembled image", source="archive")))
        return compare_files(first, second)
