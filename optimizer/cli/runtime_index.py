"""The index of the images of a customer-managed runtime: of a specification, and into an OCI layout."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from optimizer.adapters.index_files import PlatformContext, index_digest
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.builders.direct.image import digest_of
from optimizer.builders.direct.index import WholeIndex
from optimizer.builders.docker.context import build_context
from optimizer.cli.built_image import built_image
from optimizer.cli.planned import plan_runtime
from optimizer.cli.spec_image import SpecImage
from optimizer.errors import ImageError
from optimizer.model.progress import Report
from optimizer.model.publication import Admit
from optimizer.model.reference import ImageReference
from optimizer.publishing.assembling import assembled
from optimizer.publishing.indexes import PlatformImage, PublishIndex
from optimizer.publishing.outputs import LayoutPublisher
from optimizer.report.build import BuiltIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeIndex:
    """The index of the images of a specification's architectures, whose build contexts are not yet written; ``name`` is the path of the file."""

    name: str
    images: tuple[SpecImage, ...]

    @property
    def tag(self) -> str:
        """The digest of the build contexts, which is what CDK tags the same index with."""
        return index_digest([PlatformContext(platform=image.plan.platform, digest=image.tag) for image in self.images])

    @contextmanager
    def staged(self, destinations: Sequence[ImageReference] = ()) -> Iterator[PublishIndex]:
        """The index under some names, as long as the build contexts are there."""
        with contextlib.ExitStack() as stack:
            images = tuple(_staged(image, stack) for image in self.images)
            yield PublishIndex(name=self.name, digest=self.tag, images=images, destinations=tuple(destinations))


def runtime_index(spec: Path, *, root: Path | None, lock: Path | None, mirror: str | None) -> RuntimeIndex:
    """The index of a file; the options are those of :func:`plan_runtime`."""
    plans, project = plan_runtime(spec, root=root, lock=lock, mirror=mirror)
    images = (
        SpecImage(name=f"{spec} ({made.platform})", plan=made, project=project, context=build_context(made, project)) for made in plans
    )
    return RuntimeIndex(name=str(spec), images=tuple(images))


def _staged(image: SpecImage, stack: contextlib.ExitStack) -> PlatformImage:
    return PlatformImage(platform=image.plan.platform, digest=image.tag, image=stack.enter_context(image.staged()))


def write_layout(
    index: PublishIndex,
    directory: Path,
    name: str,
    registry: HttpRegistry,
    *,
    reuse: Sequence[ImageReference],
    host: bool,
    engine: bool,
    report: Report,
    admit: Admit,
) -> BuiltIndex:
    """Write an index with its images to an OCI layout, under a name, if ``admit`` takes them.

    Raises :class:`ImageError` for images that cannot be made, all of them at
    once, and as :func:`assembled` does.
    """
    faults = index.faults_of(index.images)
    if faults:
        raise ImageError(faults)
    started = time.monotonic()
    output = f"oci:{directory}"
    with contextlib.ExitStack() as stack:
        images, built, results = {}, [], []
        for image in (each.image for each in index.images if each.image is not None):
            begun = time.monotonic()
            made = stack.enter_context(assembled(image, name, registry, reuse=reuse, host=host, engine=engine, report=report))
            images[image.plan.platform] = made.image
            built.append(built_image(image, made, name, output, begun))
            results.append(made.result(image.name))
        admit(results)
        whole = WholeIndex(name=name, images=images)
        LayoutPublisher(directory).publish(whole)
    return BuiltIndex(
        name=index.name,
        reference=name,
        output=output,
        digest=digest_of(whole.document),
        images=tuple(built),
        seconds=time.monotonic() - started,
    )
