"""Apps and templates as subjects of the rules, with what they set aside."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from optimizer.adapters.assembly import Acknowledgement, Assembly, AssemblyFunction, AssemblyImage, load_assembly, reported_acknowledgements
from optimizer.adapters.dockerfiles import load_dockerfile, read_bounded
from optimizer.adapters.plan_files import plan_beside
from optimizer.adapters.tree import LARGEST_TEMPLATE, Source
from optimizer.bases.mirror import Mirror
from optimizer.dockerfile.instruction import Position, Problem, Span
from optimizer.dockerfile.parse import decode
from optimizer.errors import ContextError, did_you_mean
from optimizer.linting.finding import Edit, Fix, Location
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import AppSubject, DockerfileSubject, FunctionSubject, RepositorySubject
from optimizer.linting.suppressions import Malformed, Suppression, literal, reason_and_end
from optimizer.model.architectures import ARCHITECTURES, DEFAULT_ARCHITECTURE, architecture_of_platform, platform_of
from optimizer.sam.config import DEFAULT_ENVIRONMENT, ImageRepositories, image_repositories
from optimizer.sam.document import Document, parse_document
from optimizer.sam.template import TemplateFunction, TemplateRepository, functions, repositories

ACKNOWLEDGED = "lambda-image-optimizer"
"""What stands before ``::`` and the id of a rule in the acknowledgements of CDK."""

_SAMCONFIGS = ("samconfig.toml", "samconfig.yaml", "samconfig.yml")
"""Of several, SAM reads the first."""

_START = Span(Position(1, 1), Position(1, 1))


def load_app(
    directory: str,
    rules: Sequence[Rule],
    *,
    mirror: Mirror = Mirror(),  # noqa: B008 - an immutable value
    origins: Mapping[str, str] | None = None,
    reported: bool = False,
) -> Source:
    """Every image function, image asset and repository of a synthesized app, and the app itself.

    ``rules`` are all that an acknowledgement may name.  ``origins`` are the
    directories that assets were made from, by asset.  ``reported`` counts the
    acknowledgements of the validation report too, which within a synthesis is
    that of the one before.  An image that was made from a specification has a
    Dockerfile like the others; what is found in it is shown at its function.
    Raises :class:`ContextError` for a directory that
    holds no assembly.
    """
    assembly = load_assembly(directory)
    if reported:
        known = dict.fromkeys((*assembly.acknowledgements, *reported_acknowledgements(directory)))
        assembly = replace(assembly, acknowledgements=tuple(known))
    return _App(directory, assembly, mirror, origins or {}).source(rules)


def load_template(
    path: str,
    *,
    mirror: Mirror = Mirror(),  # noqa: B008 - an immutable value
    environment: str = DEFAULT_ENVIRONMENT,
    contents: Mapping[str, bytes] = MappingProxyType({}),
) -> Source:
    """Every image function and repository of a template of SAM or CloudFormation, and the template itself.

    ``environment`` is that of the ``samconfig`` beside it; ``contents`` are
    the bytes of files that shall be read instead of their own.  A template
    that cannot be read is a problem of the app.  Raises :class:`ContextError`
    when there is no such file, or no such environment.
    """
    data = contents[path] if path in contents else read_bounded(path, LARGEST_TEMPLATE)
    if data is None:
        raise ContextError(
            f'"{path}" cannot be read as a file of at most {LARGEST_TEMPLATE // 1024 // 1024} MB',
            path,
            "check its kind, its permissions and its size",
        )
    text = decode(data)
    document = parse_document(text)
    if isinstance(document, Problem):
        return Source(subjects=(AppSubject(location=Location(path=path), problems=(document,)),))
    if not isinstance(document.data, dict):
        nothing = Problem("the template is not a mapping", _START)
        return Source(subjects=(AppSubject(location=Location(path=path), problems=(nothing,)),))
    return _template(path, text, document, mirror, _samconfig(os.path.dirname(path), environment), contents)


class _App:
    def __init__(self, directory: str, assembly: Assembly, mirror: Mirror, origins: Mapping[str, str]) -> None:
        self._directory = directory
        self._assembly = assembly
        self._mirror = mirror
        self._origins = origins

    def source(self, rules: Sequence[Rule]) -> Source:
        images = {image.asset: image for image in self._assembly.images}
        files = {asset: self._dockerfile(image) for asset, image in images.items()}
        used = {function.asset for function in self._assembly.functions}
        declared = [self._function(function, images.get(function.asset or ""), files) for function in self._assembly.functions]
        dockerfiles = [function.dockerfile for function in declared if function.dockerfile is not None]
        for asset, image in images.items():
            file = files.get(asset)
            if asset not in used and file is not None:
                unused = replace(file, construct=image.name, for_lambda=False)
                dockerfiles.append(_at(unused, Location(path=self._directory, construct=image.name)))
        pushed = {destination.repository for image in images.values() if image.asset in used for destination in image.destinations}
        stores = [
            _repository(item.declared, Location(path=str(item.template), construct=item.path), pushed)
            for item in self._assembly.repositories
        ]
        suppressions, malformed = _acknowledged(self._assembly.acknowledgements, rules)
        app = AppSubject(location=Location(path=self._directory), dockerfiles=dockerfiles, functions=declared, repositories=stores)
        return Source(
            subjects=(*dockerfiles, *declared, *stores, app),
            suppressions=tuple(suppressions),
            malformed=tuple(malformed),
            generated=True,
        )

    def _dockerfile(self, image: AssemblyImage) -> DockerfileSubject | None:
        if image.directory is None:
            return None
        options = image.options
        path = os.path.normpath(image.directory / options.dockerfile)
        origin = self._origins.get(image.asset)
        built_for = architecture_of_platform(options.platform or "")
        subject = load_dockerfile(
            path,
            context=str(image.directory),
            shown=os.path.normpath(os.path.join(origin, options.dockerfile)) if origin else path,
            mirror=self._mirror,
            arguments=options.arguments,
            architecture=built_for.name if built_for else None,
            target=options.target,
        )
        found = plan_beside(image.directory, subject.dockerfile.text)
        cache = dict(options.cache_to.parameters).get("ref") if options.cache_to and options.cache_to.type == "registry" else None
        return replace(
            subject,
            platform=options.platform,
            repository=image.destinations[0].repository if image.destinations else None,
            cache_to=(cache,) if cache else (),
            plan=found.planned.plan if found.planned else None,
            plan_note=found.note,
        )

    def _function(
        self, function: AssemblyFunction, image: AssemblyImage | None, files: Mapping[str, DockerfileSubject | None]
    ) -> FunctionSubject:
        file = files.get(image.asset) if image else None
        location = Location(path=str(function.template), construct=function.path)
        return FunctionSubject(
            construct=function.path,
            location=location,
            declared=function.declared,
            repository=function.repository,
            image=function.asset or "",
            dockerfile=_at(replace(file, construct=function.path), location) if file else None,
        )


def _at(file: DockerfileSubject, place: Location) -> DockerfileSubject:
    """The file, with its findings at the place where it was rendered from a specification."""
    return replace(file, place=place) if file.planned else file


def _acknowledged(items: Iterable[Acknowledgement], rules: Sequence[Rule]) -> tuple[list[Suppression], list[Malformed]]:
    found: list[Suppression] = []
    failed: list[Malformed] = []
    ids = {rule.id for rule in rules}
    # The nearest sets aside, as in CDK.
    for item in sorted(items, key=lambda item: -len(item.path)):
        home, _, id = item.id.rpartition("::")
        if home != ACKNOWLEDGED:
            continue
        location = Location(construct=item.path)
        read = reason_and_end(item.reason)
        if id not in ids:
            failed.append(Malformed(message=f'no rule has the id "{id}" that is acknowledged', location=location))
        elif isinstance(read, str):
            failed.append(Malformed(message=f"the acknowledgement of {id}: {read}", location=location))
        else:
            reason, until = read
            pattern = literal(item.path) if item.path else "*"
            found.append(Suppression(rules=frozenset([id]), reason=reason, until=until, location=location, construct=pattern))
    return found, failed


def _template(path: str, text: str, document: Document, mirror: Mirror, pushed: ImageRepositories, contents: Mapping[str, bytes]) -> Source:
    problems: list[Problem] = []
    files: dict[str, DockerfileSubject | None] = {}
    found = tuple(functions(document))
    tellings = _tellings(path, text, document, [item.logical_id for item in found if item.build and not item.declared.architecture_given])
    declared = [
        replace(
            _template_function(path, function, document, mirror, files, problems, contents),
            repository=pushed.of(function.logical_id) if function.build else None,
            telling=tellings.get(function.logical_id),
        )
        for function in found
    ]
    stores = [
        _repository(item, Location(path=path, span=item.span, construct=item.path or item.logical_id), frozenset())
        for item in repositories(document)
    ]
    dockerfiles = [function.dockerfile for function in declared if function.dockerfile is not None]
    app = AppSubject(
        location=Location(path=path), dockerfiles=dockerfiles, functions=declared, repositories=stores, problems=tuple(problems)
    )
    return Source(subjects=(*dockerfiles, *declared, *stores, app))


def _tellings(path: str, text: str, document: Document, logical_ids: Sequence[str]) -> Mapping[str, Fix]:
    """The changes that set the architecture which functions have by Lambda's default."""
    if not logical_ids:
        return {}
    # Imported here, because most templates need no change.
    from optimizer.sam.insertions import architectures

    return {
        logical_id: Fix(title="set the architecture that the function has", edits=(Edit(path=path, span=span, text=added),))
        for logical_id, (span, added) in architectures(text, document, logical_ids, DEFAULT_ARCHITECTURE).items()
    }


def _samconfig(directory: str, environment: str) -> ImageRepositories:
    """What the file beside a template says for an environment; a broken one is ignored here, because SAM itself refuses it.

    Raises :class:`ContextError` when it has no such environment.
    """
    for name in _SAMCONFIGS:
        path = os.path.join(directory, name)
        data = read_bounded(path, LARGEST_TEMPLATE)
        if data is not None:
            break
    else:
        return ImageRepositories()
    config = _plain(name, decode(data))
    if config is None:
        return ImageRepositories()
    if environment != DEFAULT_ENVIRONMENT and environment not in config:
        known = [key for key, value in config.items() if isinstance(value, Mapping)]
        raise ContextError(
            f'there is no environment "{environment}"; allowed: {", ".join(known) or "none"}',
            path,
            did_you_mean(environment, known) or "name one of those with --config-env",
        )
    return image_repositories(config, environment)


def _plain(name: str, text: str) -> Mapping[str, Any] | None:
    """The data of a configuration of SAM; None for a text that holds none."""
    if not name.endswith(".toml"):
        document = parse_document(text)
        return document.data if isinstance(document, Document) and isinstance(document.data, dict) else None
    # Imported here, because most trees have no such file.
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        return tomlkit.parse(text).unwrap()
    except (TOMLKitError, ValueError, RecursionError):
        return None


def _template_function(
    path: str,
    function: TemplateFunction,
    document: Document,
    mirror: Mirror,
    files: dict[str, DockerfileSubject | None],
    problems: list[Problem],
    contents: Mapping[str, bytes],
) -> FunctionSubject:
    construct = function.path or function.logical_id
    architecture = function.declared.architecture
    build, image, file = function.build, "", None
    if build is not None and build.directory is not None and build.dockerfile is not None:
        directory = os.path.normpath(os.path.join(os.path.dirname(path), build.directory))
        dockerfile = os.path.normpath(os.path.join(directory, build.dockerfile))
        image = json.dumps([dockerfile, directory, dict(build.arguments), build.target, architecture], sort_keys=True)
        if image not in files:
            known = {name: value for name, value in build.arguments.items() if value is not None}
            try:
                # SAM builds for the function's architecture, whatever the machine.
                files[image] = load_dockerfile(
                    dockerfile,
                    context=directory,
                    mirror=mirror,
                    arguments=known if len(known) == len(build.arguments) else None,
                    architecture=architecture if architecture in ARCHITECTURES else None,
                    target=build.target,
                    contents=contents,
                )
            except ContextError as error:
                files[image] = None
                place = document.places.get(("Resources", function.logical_id, "Metadata", "Dockerfile"), function.span)
                problems.append(Problem(f"the Dockerfile of {function.logical_id}: {error.faults[0].message}", place or _START))
        loaded = files[image]
        platform = platform_of(architecture)
        file = replace(loaded, construct=construct, platform=platform) if loaded else None
    return FunctionSubject(
        construct=construct,
        location=Location(path=path, span=function.span, construct=construct),
        declared=function.declared,
        image=image,
        metadata=function.metadata,
        dockerfile=file,
    )


def _repository(declared: TemplateRepository, location: Location, pushed: Collection[str]) -> RepositorySubject:
    return RepositorySubject(
        location=location,
        name=declared.name,
        lifecycle=declared.lifecycle,
        policy=declared.policy,
        receives=declared.name is not None and declared.name in pushed,
    )
