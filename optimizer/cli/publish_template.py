"""``optimizer publish TEMPLATE``: the images of a SAM template's specifications, and the template that names them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from optimizer.adapters.files import read_bounded, replace_file
from optimizer.adapters.path_names import LARGEST_TEMPLATE
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.sam_packaging import packaged_path, packaged_templates
from optimizer.adapters.sam_project import SamFunction, SamProject, load_sam_project
from optimizer.bases.mirror import Mirror
from optimizer.cli.destinations import parse_repository
from optimizer.cli.sam_images import handler_faults, spec_images
from optimizer.cli.spec_image import SpecImage
from optimizer.config.settings import load_settings
from optimizer.dockerfile.parse import decode
from optimizer.errors import ConfigurationError, ContextError
from optimizer.model.publication import INDEX, ImageResult, LeftImage
from optimizer.model.reference import ImageReference
from optimizer.publishing.asking import present
from optimizer.publishing.images import PublishImage
from optimizer.sam.config import image_repositories
from optimizer.sam.configuration import parse_configuration
from optimizer.sam.edits import Change
from optimizer.sam.generated import packaged_changes

Publish = Callable[[Sequence[PublishImage]], Sequence[ImageResult]]
"""Publishes images of which it is known that they are not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateImages:
    """The images of a template's specifications, by their files, and the packaged templates that name them, by their paths.

    ``names`` are those under which the images are pushed, and ``left`` the
    functions that have no specification, or run no image, with the reason.
    """

    images: Mapping[Path, SpecImage]
    names: Mapping[Path, ImageReference]
    packaged: Mapping[str, str]
    left: tuple[LeftImage, ...]

    def publish(self, registry: HttpRegistry, publish: Publish) -> tuple[list[ImageResult], list[str]]:
        """Push what the repository does not have, and write the packaged templates.

        Gives one result for each distinct image, and the paths that were
        written: none where one of the names is that of an index.
        """
        wanted: dict[ImageReference, SpecImage] = {}
        for spec, image in self.images.items():
            wanted.setdefault(self.names[spec], image)
        there = present(list(wanted), registry)
        results = [ImageResult(name=wanted[name].name, reference=str(name), state=state) for name, state in there.items()]
        with contextlib.ExitStack() as stack:
            missing = [stack.enter_context(image.staged([name])) for name, image in wanted.items() if name not in there]
            results += publish(missing) if missing else ()
        if any(result.state == INDEX for result in results):
            return results, []
        for path, text in self.packaged.items():
            replace_file(Path(path), text, "the packaged template", ContextError)
        return results, list(self.packaged)


def template_images(
    template: str,
    *,
    repository: ImageReference | None,
    output: Path | None,
    environment: str,
    root: Path | None,
    lock: Path | None,
    mirror: str | None,
) -> TemplateImages:
    """Plan everything; nothing is pushed or written.

    ``repository`` is None for that of the ``samconfig``, and ``output`` is the
    packaged template, None for the one beside the template.  Raises
    :class:`OptimizerError`.
    """
    settings = load_settings(".", root=root, lock=lock)
    through = Mirror.parse(mirror) if mirror is not None else settings.mirror
    project = load_sam_project(template, environment, through, {})
    with_spec = [function for function in project.functions if function.spec is not None and not function.why]
    if not with_spec:
        hint = f"name one as ImageSpec in the Metadata of a function; see: optimizer sam {template}"
        raise ContextError("no function names a specification", template, hint)
    target = _target(template, output)
    into = repository or _configured(project, environment)
    faults = handler_faults(project)
    if faults:
        raise ContextError(faults)
    images = spec_images(project, root=root, lock=lock, mirror=mirror)
    names = {spec: replace(into, tag=image.tag) for spec, image in images.items()}
    changes: dict[str, list[Change]] = {}
    for function in with_spec:
        assert function.spec is not None
        made = packaged_changes(
            function.logical_id,
            str(names[function.spec]),
            images[function.spec].plan.architecture,
            function.declared,
            function.metadata,
            function.handler,
        )
        changes.setdefault(function.template, []).extend(made)
    return TemplateImages(
        images=images,
        names=names,
        packaged=packaged_templates(template, target, changes),
        left=(
            *(LeftImage(name=function.construct, reason=_reason(function)) for function in project.functions if function not in with_spec),
            *(LeftImage(name=name, reason=f'it runs the code in "{code}", and no image') for name, code in project.zipped.items()),
        ),
    )


def _target(template: str, output: Path | None) -> str:
    """Where the packaged template goes."""
    if output is None:
        return packaged_path(template)
    if output.resolve().parent != Path(template).resolve().parent:
        raise ConfigurationError(
            f'"{output}" is not beside "{template}", and paths in it start there',
            "--output-template",
            f"for example {packaged_path(template)}",
        )
    if output.resolve() == Path(template).resolve():
        raise ConfigurationError(f'"{output}" is the template itself', "--output-template", f"for example {packaged_path(template)}")
    return str(output)


def _configured(project: SamProject, environment: str) -> ImageReference:
    """The one repository that the ``samconfig`` names."""
    path = project.configuration
    text = decode(read_bounded(path, LARGEST_TEMPLATE) or b"") if os.path.exists(path) else ""
    configuration = parse_configuration(text, is_toml=path.endswith(".toml"), place=path)
    uri = image_repositories(configuration, environment).common
    if uri is None:
        raise ConfigurationError(
            f'"{path}" names no image_repository for "{environment}"',
            "--repository",
            "name one: --repository HOST/NAME, or image_repository of deploy",
        )
    return parse_repository(uri, f"{path}: image_repository")


def _reason(function: SamFunction) -> str:
    if function.why:
        return function.why
    if function.declared.image_uri:
        return f'it takes "{function.declared.image_uri}"'
    return "it names no specification"
