"""Apps and templates as subjects of the rules, with what they set aside."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from optimizer.adapters.assembly import (
    Acknowledgement,
    Assembly,
    AssemblyFault,
    AssemblyFunction,
    AssemblyImage,
    load_assembly,
    reported_acknowledgements,
)
from optimizer.adapters.deployed_images import Deployment, deployed_tags
from optimizer.adapters.dockerfiles import load_dockerfile
from optimizer.adapters.index_files import context_directory
from optimizer.adapters.plan_files import archive_sizes, plan_beside
from optimizer.adapters.repository_tags import repository_tags
from optimizer.adapters.tree import Source
from optimizer.bases.mirror import Mirror
from optimizer.dockerfile.instruction import Position, Problem, Span
from optimizer.linting.facts.repositories import same_everywhere
from optimizer.linting.finding import Location
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import AppSubject, DeclarationFault, DockerfileSubject, FunctionSubject, RepositorySubject
from optimizer.linting.suppressions import Malformed, Suppression, literal, reason_and_end
from optimizer.model.architectures import architecture_of_platform
from optimizer.model.tag_mutability import TagMutability
from optimizer.sam.template import TemplateRepository

ACKNOWLEDGED = "lambda-image-optimizer"
"""What stands before ``::`` and the id of a rule in the acknowledgements of CDK."""

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


class _App:
    def __init__(self, directory: str, assembly: Assembly, mirror: Mirror, origins: Mapping[str, str]) -> None:
        self._directory = directory
        self._assembly = assembly
        self._mirror = mirror
        self._origins = origins

    def source(self, rules: Sequence[Rule]) -> Source:
        images = {image.asset: image for image in self._assembly.images if not image.platforms}
        used = {function.asset for function in self._assembly.functions}
        pushed = {destination.repository for image in images.values() if image.asset in used for destination in image.destinations}
        run = [
            (Deployment(template=str(function.template), account=function.account, region=function.region), function.named)
            for function in self._assembly.functions
            if function.named is not None
        ]
        stores = [
            repository_subject(
                item.declared,
                Location(path=str(item.template), construct=item.path),
                pushed,
                deployed_tags(item.declared, Deployment(template=str(item.template), account=item.account, region=item.region), run),
            )
            for item in self._assembly.repositories
        ]
        tags = repository_tags(self._assembly.repositories)
        files = {asset: self._dockerfile(image, tags) for asset, image in images.items()}
        declared = [self._function(function, images.get(function.asset or ""), files) for function in self._assembly.functions]
        dockerfiles = [function.dockerfile for function in declared if function.dockerfile is not None]
        for asset, image in images.items():
            file = files.get(asset)
            if asset not in used and file is not None:
                unused = replace(file, construct=image.name, for_lambda=False)
                dockerfiles.append(_at(unused, Location(path=self._directory, construct=image.name)))
        misplaced = [self._function(function, None, {}) for function in self._assembly.misplaced]
        dockerfiles += [file for image in self._assembly.images for file in self._of_index(image, tags)]
        suppressions, malformed = _acknowledged(self._assembly.acknowledgements, rules)
        faults = [_declaration_fault(item) for item in self._assembly.runtime_faults]
        app = AppSubject(
            location=Location(path=self._directory), dockerfiles=dockerfiles, functions=declared, repositories=stores, faults=faults
        )
        return Source(
            subjects=(*dockerfiles, *declared, *misplaced, *stores, app),
            suppressions=tuple(suppressions),
            malformed=tuple(malformed),
            generated=True,
        )

    def _of_index(self, image: AssemblyImage, tags: Mapping[str, TagMutability | None]) -> Iterator[DockerfileSubject]:
        """The Dockerfiles of the images of an index, which no function runs."""
        for context in image.platforms:
            assert image.directory is not None
            directory = context_directory(image.directory, context)
            name = f"{image.name} ({context.platform})"
            file = self._dockerfile(replace(image, directory=directory, options=context.options, platforms=()), tags)
            if file is not None:
                yield _at(replace(file, construct=name, for_lambda=False), Location(path=self._directory, construct=name))

    def _dockerfile(self, image: AssemblyImage, tags: Mapping[str, TagMutability | None]) -> DockerfileSubject | None:
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
        repository = image.destinations[0].repository if image.destinations else None
        return replace(
            subject,
            platform=options.platform,
            repository=repository,
            repository_tags=tags.get(same_everywhere(repository)) if repository else None,
            cache_to=(cache,) if cache else (),
            plan=found.planned.plan if found.planned else None,
            plan_note=found.note,
            archives=archive_sizes(found.planned.plan, image.directory) if found.planned else {},
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
            region=function.region,
            publisher=function.publisher,
            dockerfile=_at(replace(file, construct=function.path), location) if file else None,
        )


def _declaration_fault(item: AssemblyFault) -> DeclarationFault:
    problem = Problem(item.fault.message, _START, item.fault.hint)
    return DeclarationFault(kind=item.fault.kind, problem=problem, construct=item.path, generated=str(item.template))


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


def repository_subject(
    declared: TemplateRepository, location: Location, pushed: Collection[str], run_tags: tuple[str | None, ...]
) -> RepositorySubject:
    """A repository that a template declares.

    ``pushed`` are the names of those that images of the app go to, ``run_tags``
    the tags of its images that functions run.
    """
    return RepositorySubject(
        location=location,
        name=declared.name,
        lifecycle=declared.lifecycle,
        policy=declared.policy,
        mutability=declared.mutability,
        exclusions=declared.exclusions,
        receives=declared.name is not None and declared.name in pushed,
        run_tags=run_tags,
    )
