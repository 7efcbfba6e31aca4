"""What ``optimizer sam`` generates for a template: a build context for each specification, and the edits that name them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optimizer.adapters.files import read_bounded, replace_file
from optimizer.adapters.path_names import LARGEST_TEMPLATE
from optimizer.adapters.sam_project import (
    SamFunction,
    SamProject,
    is_current,
    left_over,
    remove_generated,
    stem_of,
    write_generated,
    written_by_hand,
)
from optimizer.builders.docker.context import DOCKERFILE
from optimizer.builders.docker.render import Profile
from optimizer.cli.spec_image import SpecImage, spec_image
from optimizer.dockerfile.parse import decode
from optimizer.errors import ContextError, Fault, OptimizerError, SpecError
from optimizer.linting.fixes import unified_diff
from optimizer.sam.configuration import configured, parse_configuration
from optimizer.sam.edits import Change, NotEditable, edited
from optimizer.sam.generated import GeneratedBuild, configuration_changes, other_environments, template_changes

CONTEXTS = ".optimizer"
"""The directory of the build contexts, beside the template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamImages:
    """What is generated for the functions of a template.

    ``images`` are by the file of their specification, and ``directories`` are
    those of their build contexts, one for equal images.  ``stale`` are the
    directories that are not there, or not as they would be written; ``unused``
    those that no function uses.  ``edits`` are the contents of files before
    and after, by path; None is no file.  ``others`` are the environments of the
    configuration that stay as they are, and should not.
    """

    project: SamProject
    images: Mapping[Path, SpecImage]
    directories: Mapping[Path, Path]
    stale: tuple[Path, ...]
    unused: tuple[Path, ...]
    edits: Mapping[str, tuple[bytes | None, bytes]]
    others: tuple[str, ...] = ()

    @property
    def changed(self) -> tuple[str, ...]:
        """The paths that writing would change, sorted."""
        files = [path for path, (before, after) in self.edits.items() if before != after]
        return tuple(sorted([*files, *map(str, (*self.stale, *self.unused))]))

    @property
    def outdated(self) -> tuple[str, ...]:
        """Those of the paths that are there, and not as they would be written: a checkout has no build contexts, which is no fault."""
        absent = {str(directory) for directory in self.stale if not directory.exists()}
        return tuple(path for path in self.changed if path not in absent)

    @property
    def foreign(self) -> tuple[str, ...]:
        """The directories that a person wrote, and that writing would overwrite."""
        return tuple(str(directory) for directory in self.stale if written_by_hand(directory))

    def directory_of(self, function: SamFunction) -> Path | None:
        """The build context of a function's image; None where it has no specification."""
        return self.directories.get(function.spec) if function.spec is not None and not function.why else None

    def write(self, *, force: bool) -> None:
        """Write all of it; without ``force`` nothing where a person wrote what would be overwritten.

        Raises :class:`ContextError`.
        """
        if self.foreign and not force:
            raise ContextError(
                [
                    Fault(
                        f'"{path}" is there, and was not generated',
                        path,
                        "name another directory with --output, or overwrite it with --force",
                    )
                    for path in self.foreign
                ]
            )
        by_directory = {self.directories[spec]: image for spec, image in self.images.items()}
        for directory in self.stale:
            image = by_directory[directory]
            write_generated(directory, image.kept, image.context, image.project)
        # Last, so that no template names what is not there.
        for path, (before, after) in self.edits.items():
            if before != after:
                replace_file(Path(path), after.decode("utf-8"), "the file", ContextError)
        for directory in self.unused:
            remove_generated(directory)

    def patch(self) -> str:
        """What writing would change in texts that people read: the template, the configuration and the Dockerfiles."""
        texts = {path: pair for path, pair in self.edits.items() if pair[0] != pair[1]}
        by_directory = {self.directories[spec]: image for spec, image in self.images.items()}
        for directory in self.stale:
            path = directory / DOCKERFILE
            before = path.read_bytes() if path.is_file() else None
            texts[str(path)] = (before, by_directory[directory].context.dockerfile.encode("utf-8"))
        return "".join(unified_diff(path, before, after) for path, (before, after) in sorted(texts.items()) if before != after)


def sam_images(
    project: SamProject,
    *,
    profile: Profile,
    output: Path,
    environment: str,
    repository: str | None,
    root: Path | None,
    lock: Path | None,
    mirror: str | None,
) -> SamImages:
    """Plan everything; nothing is written.

    ``output`` is the directory of the build contexts, and ``repository`` that
    of all images, None to leave the configuration as it is; the other options
    are those of :func:`spec_image`.  Raises :class:`OptimizerError` with the
    faults of all functions.
    """
    images = spec_images(project, root=root, lock=lock, mirror=mirror, profile=profile, output=output)
    directories = _directories(images, output)
    edits: dict[str, tuple[bytes | None, bytes]] = dict(_template_edits(project, images, directories))
    others: tuple[str, ...] = ()
    if images:
        edits[project.configuration], others = _configuration_edit(project, environment, repository, profile)
    stale = {directories[spec]: image for spec, image in images.items() if not is_current(directories[spec], image.kept, image.context)}
    return SamImages(
        project=project,
        images=images,
        directories=directories,
        stale=tuple(sorted(stale)),
        unused=tuple(left_over(output, {directory.name for directory in directories.values()})),
        edits=edits,
        others=others,
    )


def spec_images(
    project: SamProject,
    *,
    root: Path | None,
    lock: Path | None,
    mirror: str | None,
    profile: Profile = Profile.BUILDKIT,
    output: Path | None = None,
) -> dict[Path, SpecImage]:
    """The images of the functions that have a specification, by its file; the options are those of :func:`spec_image`.

    Raises :class:`SpecError` with the faults of all of them.
    """
    faults: list[Fault] = []
    images: dict[Path, SpecImage] = {}
    for spec in project.specs:
        try:
            if not spec.exists():
                faults += project.missing(spec)
            else:
                images[spec] = spec_image(spec, root=root, lock=lock, mirror=mirror, profile=profile, output=output)
        except OptimizerError as error:
            faults += error.faults
    if faults:
        raise SpecError(tuple(dict.fromkeys(faults)))
    return images


def handler_faults(project: SamProject) -> list[Fault]:
    """What is wrong with functions of a specification of which nothing says what they start."""
    return [
        Fault(
            "nothing says which handler the function starts",
            f"{function.template}: {function.construct}",
            f"set ImageConfig.Command of {function.logical_id}, for example [app.handler]: a generated image starts nothing by itself",
        )
        for function in project.functions
        if function.spec is not None and not function.why and function.declared.command == () and not function.handler
    ]


def _directories(images: Mapping[Path, SpecImage], output: Path) -> dict[Path, Path]:
    """A directory for each image, named by the first of its specifications."""
    by_digest: dict[str, Path] = {}
    taken: set[str] = set()
    for spec, image in sorted(images.items()):
        if image.context.digest in by_digest:
            continue
        name, number = stem_of(spec), 2
        while name in taken:
            name, number = f"{stem_of(spec)}-{number}", number + 1
        taken.add(name)
        by_digest[image.context.digest] = output / name
    return {spec: by_digest[image.context.digest] for spec, image in images.items()}


def _template_edits(
    project: SamProject, images: Mapping[Path, SpecImage], directories: Mapping[Path, Path]
) -> Iterator[tuple[str, tuple[bytes | None, bytes]]]:
    faults = handler_faults(project)
    changes: dict[str, list[Change]] = {}
    for function in project.functions:
        if function.spec is None or function.why:
            continue
        image = images[function.spec]
        place = f"{function.template}: {function.construct}"
        words, missing = _secret_words(image)
        if missing:
            hint = "take it from a variable with from_env: a path in a template starts at no place that is the same for everybody"
            faults += [Fault(f'sam build cannot give the build secret "{secret}", which is a file', place, hint) for secret in missing]
        base = project.base if project.base is not None else os.path.dirname(function.template)
        directory = Path(os.path.relpath(directories[function.spec], base or ".")).as_posix()
        build = GeneratedBuild(directory=directory, architecture=image.plan.architecture, options=words)
        changes.setdefault(function.template, []).extend(
            template_changes(function.logical_id, function.written, build, function.declared, function.metadata, function.handler)
        )
    for template, wanted in changes.items():
        before = read_bounded(template, LARGEST_TEMPLATE) or b""
        try:
            yield template, (before, edited(decode(before), wanted).encode("utf-8"))
        except NotEditable as error:
            hint = f"or write it without anchors, then: optimizer sam {project.template} --write"
            faults += (Fault(reason, template, hint) for reason in error.args)
    if faults:
        raise ContextError(tuple(dict.fromkeys(faults)))


def _secret_words(image: SpecImage) -> tuple[tuple[str, ...], list[str]]:
    """The words that ``docker build`` needs for the build secrets, and the ids of those that have none."""
    secrets = image.context.secrets
    words = tuple(f"--secret=id={secret.id},env={secret.from_env}" for secret in secrets if secret.from_env)
    return words, [secret.id for secret in secrets if not secret.from_env]


def _configuration_edit(
    project: SamProject, environment: str, repository: str | None, profile: Profile
) -> tuple[tuple[bytes | None, bytes], tuple[str, ...]]:
    """The configuration before and after, and the environments that stay as they are, and should not."""
    path = project.configuration
    before = read_bounded(path, LARGEST_TEMPLATE) if os.path.exists(path) else None
    text = decode(before) if before is not None else ""
    is_toml = path.endswith(".toml")
    buildkit = profile is Profile.BUILDKIT
    configuration = parse_configuration(text, is_toml=is_toml, place=path)
    changes = configuration_changes(configuration, environment, repository=repository, buildkit=buildkit)
    try:
        after = configured(text, changes, is_toml=is_toml).encode("utf-8")
    except NotEditable as error:
        raise ContextError([Fault(reason, path, "edit the file by hand") for reason in error.args]) from None
    return (before, after), other_environments(configuration, environment, buildkit=buildkit)


def named_specs(options: Sequence[str]) -> dict[str, str]:
    """Specifications by function, as ``--spec FUNCTION=PATH`` gives them."""
    found: dict[str, str] = {}
    faults = []
    for option in options:
        name, equals, path = option.partition("=")
        if not equals or not name or not path:
            faults.append(Fault(f'"{option}" is not FUNCTION=SPEC', "--spec", "for example --spec Api=functions/api.image.toml"))
        elif name in found:
            faults.append(Fault(f'"{name}" is given twice', "--spec", "name each function once"))
        else:
            found[name] = path
    if faults:
        raise SpecError(faults)
    return found


def as_data(images: SamImages) -> list[dict[str, Any]]:
    """Each function as data, by name: what it has, and where it comes from."""
    return [
        {
            "function": function.construct,
            "template": function.template,
            "spec": str(function.spec) if function.spec is not None else None,
            "context": str(directory) if (directory := images.directory_of(function)) is not None else None,
            "architecture": function.declared.architecture,
            "state": state_of(images, function),
            "why": function.why or None,
        }
        for function in images.project.functions
    ]


def state_of(images: SamImages, function: SamFunction) -> str:
    """``none`` without a specification, ``impossible`` where none can be, ``stale`` where writing would change something, else ``current``."""
    if function.why:
        return "impossible"
    directory = images.directory_of(function)
    if directory is None:
        return "none"
    before, after = images.edits[function.template]
    return "stale" if directory in images.stale or before != after else "current"
