"""Templates as subjects of the rules, with the templates that they nest."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlparse

from optimizer.adapters.deployed_images import Deployment, deployed_tags
from optimizer.adapters.dockerfiles import load_dockerfile
from optimizer.adapters.files import read_bounded, why_unread
from optimizer.adapters.path_names import LARGEST_TEMPLATE
from optimizer.adapters.paths import shown
from optimizer.adapters.plan_files import archive_sizes, plan_beside
from optimizer.adapters.samconfig import load_samconfig
from optimizer.adapters.spec_dockerfiles import LoadSpec
from optimizer.adapters.subjects import repository_subject
from optimizer.adapters.tree import Source
from optimizer.bases.mirror import Mirror
from optimizer.dockerfile.instruction import Position, Problem, Span
from optimizer.dockerfile.parse import decode
from optimizer.errors import ContextError, OptimizerError
from optimizer.linting.finding import Edit, Fix, Location
from optimizer.linting.subjects import AppSubject, DeclarationFault, DockerfileSubject, FunctionSubject, RepositorySubject
from optimizer.model.architectures import ARCHITECTURES, DEFAULT_ARCHITECTURE, platform_of
from optimizer.model.build import BuildOptions
from optimizer.model.template import SamBuilder
from optimizer.sam.config import DEFAULT_ENVIRONMENT, ImageRepositories
from optimizer.sam.document import Document, parse_document
from optimizer.sam.faults import faults
from optimizer.sam.intrinsics import Intrinsics
from optimizer.sam.loops import without_loops
from optimizer.sam.named_images import NamedImage, named_image
from optimizer.sam.runtimes import RuntimeNames, runtime_faults
from optimizer.sam.template import (
    SPEC_KEY,
    Hidden,
    NestedTemplate,
    TemplateFunction,
    TemplateRepository,
    functions,
    misplaced,
    nested,
    repositories,
    unknown,
)

DEEPEST = 10
"""How deep templates may be nested."""

MOST = 100
"""How many templates are read for one."""

_START = Span(Position(1, 1), Position(1, 1))


def load_template(
    path: str,
    *,
    mirror: Mirror = Mirror(),  # noqa: B008 - an immutable value
    environment: str = DEFAULT_ENVIRONMENT,
    contents: Mapping[str, bytes] = MappingProxyType({}),
    load_spec: LoadSpec | None = None,
) -> Source:
    """Every image function and repository of a template of SAM or CloudFormation, and of those that it nests, and the template itself.

    ``environment`` is that of its ``samconfig``; ``contents`` are
    the bytes of files that shall be read instead of their own.  What ``load_spec``
    gives stands for the build contexts that are not generated yet; without it,
    such an image is not told of.  What is found in an image of a specification
    is shown at its function.  A template
    that cannot be read is a problem of the app; what only a deployment knows
    is inconclusive.  Raises :class:`ContextError`
    when there is no such file, or no such environment.
    """
    read = _read(path, contents)
    if read is None:
        raise ContextError(f'"{path}" {why_unread(path, LARGEST_TEMPLATE)}', path, "name a template that is there and can be read")
    if isinstance(read[1], Problem):
        return Source(subjects=(AppSubject(location=Location(path=path), problems=(read[1],)),))
    samconfig = load_samconfig(path, environment)
    given = samconfig.parameters
    templates = _Templates(
        mirror=mirror,
        contents=contents,
        load_spec=load_spec,
        pushed=samconfig.repositories,
        builder=samconfig.builder,
        region=samconfig.region,
        base=samconfig.base,
    )
    told = templates.add(path, read[0], read[1], given.values, complete=given.complete)
    dockerfiles = [function.dockerfile for function in templates.functions if function.dockerfile is not None]
    stores = templates.repositories()
    app = AppSubject(
        location=Location(path=path),
        dockerfiles=dockerfiles,
        functions=templates.functions,
        repositories=stores,
        problems=(*samconfig.problems, *told.problems),
        inconclusive=told.inconclusive,
        faults=told.faults,
    )
    return Source(
        subjects=(*dockerfiles, *templates.functions, *templates.misplaced, *stores, *templates.nested, app),
        nested=tuple(item.location.path for item in templates.nested),
    )


def _read(path: str, contents: Mapping[str, bytes]) -> tuple[str, Document | Problem] | None:
    """The text of a template and what it holds; None for no file."""
    data = contents[path] if path in contents else read_bounded(path, LARGEST_TEMPLATE)
    if data is None:
        return None
    text = decode(data)
    document = parse_document(text)
    if isinstance(document, Document) and not isinstance(document.data, dict):
        return text, Problem("the template is not a mapping", _START)
    if isinstance(document, Document) and not isinstance(document.data.get("Resources"), dict):
        return text, Problem("the template has no mapping of Resources", _START)
    return text, document


@dataclass(slots=True, kw_only=True)
class _Told:
    """What is said of a template: why it cannot be read, what stays unknown, and which declarations are wrong."""

    problems: list[Problem] = field(default_factory=list)
    inconclusive: list[Problem] = field(default_factory=list)
    faults: list[DeclarationFault] = field(default_factory=list)


@dataclass(slots=True)
class _Templates:
    """What a template and those below it declare; ``nested`` are those below, each once for each place that names it.

    ``misplaced`` are functions from zip archives that set what only image
    functions have.  ``base`` is where the paths of build contexts start, None
    for the directory of the template.
    """

    mirror: Mirror
    contents: Mapping[str, bytes]
    load_spec: LoadSpec | None
    pushed: ImageRepositories
    builder: SamBuilder
    region: str | None
    base: str | None
    functions: list[FunctionSubject] = field(default_factory=list)
    misplaced: list[FunctionSubject] = field(default_factory=list)
    nested: list[AppSubject] = field(default_factory=list)
    _files: dict[str, DockerfileSubject | None] = field(default_factory=dict)
    _stores: list[tuple[TemplateRepository, Location]] = field(default_factory=list)
    _images: list[tuple[Deployment, NamedImage]] = field(default_factory=list)

    def add(
        self,
        path: str,
        text: str,
        written: Document,
        values: Mapping[str, Any],
        *,
        complete: bool = True,
        above: tuple[str, ...] = (),
        names: tuple[str, ...] = (),
    ) -> _Told:
        """Take a template in, with what is said of it.

        ``above`` are the templates that nest it, and ``names`` what they call it.
        """
        told = _Told()
        intrinsics = Intrinsics(written.data, values, complete=complete)
        document, loops = without_loops(written, intrinsics)
        hidden = [Hidden(key=("Resources", key), what=f"what {key} gives", reason=reason) for key, reason in loops.items()]
        found = tuple(functions(document, intrinsics))
        untold = [item.logical_id for item in found if item.build and not item.declared.architecture_given]
        tellings = _tellings(path, text, written, untold)
        for function in found:
            hidden += function.hidden
            construct = "/".join((*names, function.path or function.logical_id))
            name = construct if construct in self.pushed.named else function.logical_id
            declared = replace(
                self._function(path, function, construct, document, told.problems),
                repository=self.pushed.of(name) if function.build else None,
                telling=tellings.get(function.logical_id),
                pullable=_pullable(path, text, written, function),
            )
            self.functions.append(declared)
            image = self._run(function, name)
            if image is not None:
                self._images.append((self._deployment(path), image))
        for function in misplaced(document, intrinsics):
            construct = "/".join((*names, function.path or function.logical_id))
            self.misplaced.append(self._subject(path, function, construct))
        hidden += unknown(document, intrinsics)
        looped = document.data["Resources"].keys() - written.data["Resources"].keys()
        # What is wrong for either builder, where it is unknown which one builds.
        of_sam = faults(document, intrinsics, buildkit=self.builder is not SamBuilder.CLASSIC, looped=looped)
        # Of this template alone: stacks that are nested in one may exclude one another.
        repeated = RuntimeNames().faults(document, str, intrinsics)
        for fault in (*of_sam, *runtime_faults(document, intrinsics), *repeated):
            construct = "/".join((*names, fault.logical_id)) if fault.logical_id else ""
            problem = Problem(fault.message, _place(document, fault.key), fault.hint)
            told.faults.append(DeclarationFault(kind=fault.kind, problem=problem, construct=construct))
        for item in repositories(document, intrinsics):
            place = Location(path=path, span=item.span, construct="/".join((*names, item.path or item.logical_id)))
            self._stores.append((item, place))
        for below in nested(document, intrinsics):
            if below.hidden is not None:
                hidden.append(below.hidden)
            else:
                told.problems += self._below(below, path, document, (*above, path), (*names, below.logical_id))
        told.inconclusive += [Problem(str(item), _place(document, item.key)) for item in hidden]
        return told

    def repositories(self) -> list[RepositorySubject]:
        """The repositories that are declared, once all templates are read: functions of any of them may run their images."""
        return [
            repository_subject(item, place, frozenset(), deployed_tags(item, self._deployment(place.path), self._images))
            for item, place in self._stores
        ]

    def _deployment(self, path: str) -> Deployment:
        return Deployment(template=path, region=self.region)

    def _run(self, function: TemplateFunction, name: str) -> NamedImage | None:
        """The image that the function runs when it is deployed, of a repository that is known."""
        # sam deploy pushes what it builds, and what is in no registry of Amazon ECR, and writes the URI itself.
        local = function.named is None and function.declared.image_uri and "${" not in function.declared.image_uri
        if not function.build and not local:
            return function.named
        uri = self.pushed.uri_of(name)
        image = named_image(uri, {}) if uri else None
        return replace(image, tag=None) if image is not None else None

    def _below(self, below: NestedTemplate, path: str, document: Document, above: tuple[str, ...], names: tuple[str, ...]) -> list[Problem]:
        """Take a nested template in; what is wrong with how it is named."""
        location = below.location or ""
        if location.startswith("file://"):
            location = unquote(urlparse(location).path)
        location = shown(os.path.normpath(os.path.join(os.path.dirname(path), location)))
        place = _place(document, ("Resources", below.logical_id))
        if location in map(os.path.normpath, above):
            return [Problem(f'the template of {below.logical_id}, "{location}", is nested in itself', place)]
        if len(above) > DEEPEST or len(self.nested) >= MOST:
            return [Problem(f"templates are nested more than {DEEPEST} deep, or are more than {MOST}", place)]
        read = _read(location, self.contents)
        if read is None:
            why = f'the template of {below.logical_id}: "{location}" {why_unread(location, LARGEST_TEMPLATE)}'
            return [Problem(why, place)]
        # Before its own, so that all that is read is counted.
        self.nested.append(AppSubject(location=Location(path=location)))
        index = len(self.nested) - 1
        if isinstance(read[1], Problem):
            told = _Told(problems=[read[1]])
        else:
            told = self.add(location, read[0], read[1], below.parameters, above=above, names=names)
        self.nested[index] = AppSubject(
            location=Location(path=location), problems=told.problems, inconclusive=told.inconclusive, faults=told.faults
        )
        return []

    def _function(
        self, path: str, function: TemplateFunction, construct: str, document: Document, problems: list[Problem]
    ) -> FunctionSubject:
        architecture = function.declared.architecture
        build, image, file, buildable = function.build, "", None, None
        generated = self._generated(path, function)
        unbuilt = "" if build else "the template does not build its image"
        if function.missing:
            unbuilt += f": its Metadata has no {function.missing[0]}"
        if build is not None and (build.directory is None or build.dockerfile is None):
            unbuilt = next((str(item) for item in function.hidden if item.key[2] == "Metadata"), "its Metadata names no Dockerfile")
        elif build is not None and build.directory is not None and build.dockerfile is not None and not generated:
            directory = shown(os.path.normpath(os.path.join(self._base(path), build.directory)))
            dockerfile = shown(os.path.normpath(os.path.join(directory, build.dockerfile)))
            image = json.dumps([dockerfile, directory, dict(build.arguments), build.target, architecture], sort_keys=True)
            if image not in self._files:
                known = {name: value for name, value in build.arguments.items() if value is not None}
                try:
                    # SAM builds for the function's architecture, whatever the machine.
                    loaded = load_dockerfile(
                        dockerfile,
                        context=directory,
                        mirror=self.mirror,
                        arguments=known if len(known) == len(build.arguments) else None,
                        architecture=architecture if architecture in ARCHITECTURES else None,
                        target=build.target,
                        contents=self.contents,
                        sam=self.builder if build.by_sam else None,
                    )
                    found = plan_beside(Path(directory), loaded.dockerfile.text)
                    plan = found.planned.plan if found.planned else None
                    archives = archive_sizes(plan, Path(directory)) if plan else {}
                    self._files[image] = replace(loaded, plan=plan, plan_note=found.note, archives=archives)
                except ContextError as error:
                    self._files[image] = None
                    unbuilt = f"the Dockerfile of {function.logical_id}: {error.faults[0].message}"
                    place = _place(document, ("Resources", function.logical_id, "Metadata", "Dockerfile"))
                    start = self._base(path) or "the directory of the template"
                    hint = f"DockerContext is a path from {start}, and Dockerfile one from DockerContext: fix them, or put the file there"
                    problems.append(Problem(unbuilt, place, hint))
            file = self._files[image]
            if file is None:
                unbuilt = unbuilt or f'"{dockerfile}" cannot be read'
            elif None not in build.arguments.values():
                arguments = {name: value for name, value in build.arguments.items() if value is not None}
                options = BuildOptions(
                    dockerfile=build.dockerfile, platform=platform_of(architecture), target=build.target, arguments=arguments
                )
                buildable = (directory, options)
        if generated:
            image = json.dumps([generated, architecture])
            if image not in self._files:
                self._files[image] = self._of_spec(generated, function, document, problems)
            file, unbuilt = self._files[image], "" if self._files[image] else f'its image is generated of "{generated}"'
        if file is not None:
            file = replace(file, construct=construct, platform=platform_of(architecture))
        return replace(
            self._subject(path, function, construct),
            image=image,
            metadata=function.metadata,
            dockerfile=replace(file, place=Location(path=path, span=function.span, construct=construct)) if file and file.planned else file,
            hidden=tuple(map(str, function.hidden)),
            unbuilt=unbuilt,
            build=buildable,
            spec=generated,
        )

    def _generated(self, path: str, function: TemplateFunction) -> str:
        """The specification of which the function's image is generated; empty where it names none, or a Dockerfile is there."""
        build = function.build
        if not function.spec or function.missing or function.image_uri or (build is not None and not build.by_sam):
            return ""
        if build is not None:
            if build.directory is None or build.dockerfile is None:
                return ""
            dockerfile = shown(os.path.normpath(os.path.join(self._base(path), build.directory, build.dockerfile)))
            if dockerfile in self.contents or os.path.lexists(dockerfile):
                return ""
        return shown(os.path.normpath(os.path.join(os.path.dirname(path), function.spec)))

    def _base(self, path: str) -> str:
        return os.path.dirname(path) if self.base is None else self.base

    def _of_spec(self, spec: str, function: TemplateFunction, document: Document, problems: list[Problem]) -> DockerfileSubject | None:
        """What would be generated; None where nothing can be, with the reasons among the problems."""
        if self.load_spec is None:
            return None
        try:
            made = self.load_spec(spec, self.mirror)
        except OptimizerError as error:
            place = _place(document, ("Resources", function.logical_id, "Metadata", SPEC_KEY))
            for fault in error.faults:
                where = f"{fault.place}: " if fault.place and not fault.place.startswith(spec) else ""
                problems.append(Problem(f'the spec of {function.logical_id}, "{spec}": {where}{fault.message}', place, fault.hint))
            return None
        architecture = made.plan.architecture
        return replace(
            DockerfileSubject.of(made.text, spec, mirror=self.mirror, arguments={}, architecture=architecture, for_lambda=True),
            plan=made.plan,
            archives=made.archives,
        )

    def _subject(self, path: str, function: TemplateFunction, construct: str) -> FunctionSubject:
        """A function by what the template alone says of it."""
        return FunctionSubject(
            construct=construct,
            location=Location(path=path, span=function.span, construct=construct),
            declared=function.declared,
            spans=function.spans,
            region=self.region,
        )


def _place(document: Document, key: tuple[str, ...]) -> Span:
    """Where a key stands, or the nearest one above it that has a place."""
    return next((document.places[key[:length]] for length in range(len(key), 1, -1) if key[:length] in document.places), _START)


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


def _pullable(path: str, text: str, document: Document, function: TemplateFunction) -> Fix | None:
    """The change that takes the image of a function by the usual endpoint, where the template names another."""
    place = function.spans.get(("ImageUri",)) or function.spans.get(("Code", "ImageUri"))
    if place is None or "-fips" not in function.image_uri:
        return None
    # Imported here, because most templates need no change.
    from optimizer.sam.endpoints import fips_mark

    span = fips_mark(text, document, place)
    return Fix(title="take the image by the usual endpoint", edits=(Edit(path=path, span=span, text=""),)) if span else None
