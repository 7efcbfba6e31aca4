"""The images of the customer-managed runtimes of a synthesized app, one for each architecture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from optimizer.adapters.assembly import AssemblyImage, Destination, load_images, load_runtime_versions
from optimizer.adapters.index_files import PlatformContext, context_directory, image_tag, index_digest
from optimizer.linting.facts.repositories import tag_of
from optimizer.model.architectures import architecture_of_oci
from optimizer.model.build import BuildOptions

_VERSION = "Version-"
"""How the id of a version begins, which ``CustomerManagedRuntime`` makes below its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeImage:
    """The image of one architecture of a runtime.

    ``path`` is that of the runtime's construct with the architecture, and
    ``runtime`` its name, empty where only a deployment knows it.  ``tag`` is
    the image's own, beside that of the index.
    """

    path: str
    runtime: str
    architecture: str
    tag: str
    destination: Destination
    directory: Path
    options: BuildOptions


def load_runtime_images(app: str | Path) -> tuple[RuntimeImage, ...]:
    """The images of all runtimes that the app makes anew, sorted by path; those of earlier versions are in no assembly.

    Raises :class:`ContextError` where the assembly cannot be read.
    """
    indexes = [image for image in load_images(app) if image.platforms]
    if not indexes:
        return ()
    runtimes: dict[str, list[tuple[str, str]]] = {}
    for version in load_runtime_versions(app):
        parent, _, own = version.path.rpartition("/")
        path = parent if own.startswith(_VERSION) else version.path
        runtimes.setdefault(tag_of(version.declared.image_uri or ""), []).append((path, version.declared.runtime_name or ""))
    found = []
    for index in indexes:
        users = {user: None for destination in index.destinations for user in runtimes.get(destination.tag, ())}
        for path, runtime in users or {(index.name, ""): None}:
            found += [_image(index, context, path, runtime) for context in index.platforms]
    return tuple(sorted(found, key=lambda image: image.path))


def _image(index: AssemblyImage, context: PlatformContext, path: str, runtime: str) -> RuntimeImage:
    assert index.directory is not None, "an index is read from its directory"
    known = architecture_of_oci(context.platform.rpartition("/")[2])
    architecture = known.name if known is not None else context.platform
    destination = index.destinations[0]
    return RuntimeImage(
        path=f"{path} ({architecture})",
        runtime=runtime,
        architecture=architecture,
        tag=image_tag(destination.tag, index_digest(index.platforms), context.digest),
        destination=destination,
        directory=context_directory(index.directory, context),
        options=context.options,
    )
