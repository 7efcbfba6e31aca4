"""What a proposal is made for: a Dockerfile, the functions of a template, or those of a synthesized app."""

from __future__ import annotations

import filecmp
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from optimizer.adapters.assembly import AssemblyImage, load_assembly
from optimizer.adapters.dockerfiles import ContextDirectory, load_dockerfile
from optimizer.adapters.path_names import is_app, is_template
from optimizer.adapters.subjects import load_app
from optimizer.adapters.templates import load_template
from optimizer.adapters.walk import walk
from optimizer.adoption.proposal import NotCarried, Skipped
from optimizer.bases.mirror import Mirror
from optimizer.dockerfile.rendered import HEADER
from optimizer.errors import ContextError
from optimizer.linting.subjects import AppSubject, DockerfileSubject, FunctionSubject
from optimizer.model.function import DeclaredFunction
from optimizer.model.template import TemplateFaultKind

_MOST_FILES = 20_000
"""Files of one asset that are compared with the project's."""

SET_IT = "write the value into the template, or its parameter into parameter_overrides of samconfig; or name its Dockerfile: optimizer init --from PATH/Dockerfile"
"""What to do about a value that only a deployment knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An image to propose a spec for.

    ``function`` is the name of the function that runs it, empty for a
    Dockerfile by itself; ``stem`` and ``id`` are what its file and its
    construct may be called.  ``directory`` is the build context, relative to
    the project.  ``declared`` is None for a Dockerfile by itself; ``secrets``
    are the sources of build secrets; ``hidden`` says what of the function only
    a deployment knows.  ``looped`` says that a loop of a template gives it.
    """

    function: str
    stem: str
    id: str
    subject: DockerfileSubject
    directory: str
    declared: DeclaredFunction | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    looped: bool = False


def load_candidates(
    path: str,
    root: Path,
    *,
    context: str | None = None,
    mirror: Mirror = Mirror(),  # noqa: B008 - an immutable value
) -> tuple[list[Candidate], list[Skipped]]:
    """Every image of the path, and the functions that have none to propose for.

    ``root`` is the project's directory.  Raises :class:`ContextError` for what
    is none of the three, for a directory that must be synthesized first, and
    for a build context outside of the project.
    """
    if is_app(path):
        return _app(path, root, mirror)
    if not os.path.lexists(path):
        raise ContextError(f'"{path}" does not exist', path, "name a Dockerfile, a template, or the output directory of cdk synth")
    if os.path.basename(path) == "cdk.json" or os.path.isdir(path):
        raise _not_synthesized(path)
    if is_template(path):
        return _template(path, root, mirror)
    if context is not None and not os.path.isdir(context):
        raise ContextError(
            f'the build context "{context}" {"is a file" if os.path.exists(context) else "does not exist"}', context, "name a directory"
        )
    subject = load_dockerfile(path, context=context, mirror=mirror, shown=os.path.relpath(path))
    directory = context if context is not None else os.path.dirname(path) or "."
    stem = _stem(path, directory)
    return [Candidate(function="", stem=stem, id=_camel(stem), subject=subject, directory=_inside(directory, root))], []


def _not_synthesized(path: str) -> ContextError:
    directory = os.path.dirname(path) or "." if not os.path.isdir(path) else path
    if os.path.isfile(os.path.join(directory, "cdk.json")):
        at = "" if directory == "." else f"cd {directory} && "
        return ContextError(
            f'"{path}" is a CDK app that is not synthesized',
            path,
            f"synthesize it first: {at}cdk synth; then: optimizer init --from {os.path.normpath(os.path.join(directory, 'cdk.out'))}",
        )
    return ContextError(
        f'"{path}" is a directory, but not a synthesized CDK app',
        path,
        f"name a file, for example: optimizer init --from {os.path.normpath(os.path.join(path, 'Dockerfile'))}",
    )


def _inside(directory: str, root: Path) -> str:
    """The directory as the project sees it."""
    relative = Path(os.path.relpath(os.path.realpath(directory), os.path.realpath(root))).as_posix()
    if relative == ".." or relative.startswith("../"):
        raise ContextError(
            f'the build context "{directory}" is outside of the project "{root}"',
            directory,
            "name a directory that holds both with --root, and set optimizer:root in cdk.json to it too",
        )
    return relative


def _stem(path: str, directory: str) -> str:
    """What the spec of a Dockerfile may be called: what its name has beside "Dockerfile", or else its directory."""
    name = os.path.basename(path)
    own = re.sub(r"^(?:dockerfile|containerfile)[.-]?|[.-]?(?:dockerfile|containerfile)$", "", name, flags=re.IGNORECASE)
    return slug(own or os.path.basename(os.path.realpath(directory))) or "function"


def slug(name: str) -> str:
    """A name as files have it: HelloWorldFunction is hello-world-function."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)
    return re.sub(r"[^a-z0-9]+", "-", spaced.lower()).strip("-")


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name) if part) or "Function"


def _template(path: str, root: Path, mirror: Mirror) -> tuple[list[Candidate], list[Skipped]]:
    source = load_template(path, mirror=mirror)
    functions = [item for item in source.subjects if isinstance(item, FunctionSubject)]
    templates = [item for item in source.subjects if isinstance(item, AppSubject)]
    problems = [problem for item in templates for problem in item.problems]
    if not functions and not any(item.inconclusive for item in templates):
        detail = f": {problems[0].message}" if problems else ""
        place = f"{path}:{problems[0].span.start}" if problems else path
        hint = (problems[0].hint or "fix the template") if problems else 'image functions have PackageType: "Image"'
        raise ContextError(f'"{path}" {"has" if not problems else "shows"} no image function{detail}', place, hint)
    found, skipped = [], []
    looped = {fault.construct for item in templates for fault in item.faults if fault.kind is TemplateFaultKind.IN_LOOP}
    for function in functions:
        subject = function.dockerfile
        if function.spec or (subject is not None and subject.planned):
            named = f', "{function.spec}"' if function.spec else ""
            skipped.append(Skipped(function.construct, f"it has a spec already{named}"))
            continue
        if subject is None or not isinstance(subject.context, ContextDirectory):
            why = function.unbuilt
            skipped.append(Skipped(function.construct, why, NotCarried(why, "name its Dockerfile: optimizer init --from PATH/Dockerfile")))
            continue
        try:
            candidate = _of_function(function, subject, subject.context.root, root, {})
            found.append(replace(candidate, looped=function.construct in looped))
        except ContextError as error:
            # The other functions have a proposal all the same.
            fault = error.faults[0]
            skipped.append(Skipped(function.construct, fault.message, NotCarried(fault.message, fault.hint)))
    of_functions = {message for function in functions for message in (*function.hidden, function.unbuilt)}
    for template in templates:
        for problem in template.problems:
            if problem.message not in of_functions:
                place = f"{os.path.relpath(template.location.path)}:{problem.span.start.line}"
                by_hand = problem.hint or "fix the template, or name its Dockerfiles: optimizer init --from PATH/Dockerfile"
                skipped.append(Skipped(place, problem.message, NotCarried(problem.message, by_hand), is_place=True))
        for item in template.inconclusive:
            if item.message not in of_functions:
                place = f"{os.path.relpath(template.location.path)}:{item.span.start.line}"
                skipped.append(Skipped(place, item.message, NotCarried(item.message, SET_IT), is_place=True))
    return found, skipped


def _of_function(
    function: FunctionSubject, subject: DockerfileSubject, directory: str, root: Path, secrets: Mapping[str, str]
) -> Candidate:
    name = function.construct.rpartition("/")[2]
    return Candidate(
        function=function.construct,
        stem=slug(name) or "function",
        id=re.sub(r"[^A-Za-z0-9_-]", "", name) or "Function",
        # What is written into a file must not depend on where the project lies.
        subject=replace(subject, path=os.path.relpath(subject.path)),
        directory=_inside(directory, root),
        declared=function.declared,
        secrets=secrets,
        hidden=function.hidden,
    )


def _app(path: str, root: Path, mirror: Mirror) -> tuple[list[Candidate], list[Skipped]]:
    images = {image.asset: image for image in load_assembly(path).images}
    homes = {asset: _homes(image, root, Path(path)) for asset, image in images.items()}
    origins = {asset: found[0] for asset, found in homes.items() if len(found) == 1}
    functions = [item for item in load_app(path, (), mirror=mirror, origins=origins).subjects if isinstance(item, FunctionSubject)]
    if not functions:
        raise ContextError(f'the app in "{path}" has no image function', path, "name the output directory of an app that has one")
    found, skipped = [], []
    for function in functions:
        subject, image = function.dockerfile, images.get(function.image)
        if subject is None or image is None:
            why = "its image is not an asset that the app builds from a Dockerfile"
            skipped.append(Skipped(function.construct, why, NotCarried(why, "name its Dockerfile: optimizer init --from PATH/Dockerfile")))
        elif subject.dockerfile.text.startswith(HEADER + "\n"):
            skipped.append(Skipped(function.construct, "it has a spec already"))
        elif image.asset not in origins:
            skipped.append(_homeless(function, image, homes[image.asset]))
        else:
            home = origins[image.asset]
            found.append(_of_function(function, replace(subject, context=ContextDirectory(home)), home, root, image.options.secrets))
    return found, skipped


def _homeless(function: FunctionSubject, image: AssemblyImage, homes: list[str]) -> Skipped:
    if homes:
        why = f"the directories {', '.join(homes[:3])} all have the files that its image is built from"
        by_hand = f"name one: optimizer init --from {os.path.join(homes[0], image.options.dockerfile)}"
    else:
        why = "no directory of the project has the files that its image is built from"
        by_hand = "synthesize the app again, or name the Dockerfile: optimizer init --from PATH/Dockerfile"
    return Skipped(function.construct, why, NotCarried(why, by_hand))


def _homes(image: AssemblyImage, root: Path, assembly: Path) -> list[str]:
    """The directories of the project that hold every file of the asset, which is a copy of one of them."""
    if image.directory is None:
        return []
    copied = [os.path.relpath(path, image.directory) for path in islice(walk(str(image.directory), skipped=()), _MOST_FILES + 1)]
    if len(copied) > _MOST_FILES:
        return []
    wanted = os.path.normpath(image.options.dockerfile)
    found = []
    name = os.path.basename(wanted)
    for path in walk(os.path.relpath(root), name.__eq__, without=str(assembly)):
        if os.path.normpath(path).endswith(os.sep + wanted) or os.path.normpath(path) == wanted:
            home = os.path.normpath(path)[: -len(wanted)].rstrip(os.sep) or "."
            if all(_same(os.path.join(image.directory, name), os.path.join(home, name)) for name in copied):
                found.append(home)
    return found


def _same(one: str, other: str) -> bool:
    try:
        if os.path.islink(one) or os.path.islink(other):
            return os.path.lexists(other)
        return filecmp.cmp(one, other, shallow=False)
    except OSError:
        return False
