"""Apps and templates as subjects of the rules, with what they set aside."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from optimizer.adapters.assembly import Acknowledgement, Assembly, AssemblyFunction, AssemblyImage, is_assembly, load_assembly
from optimizer.adapters.dockerfiles import SKIPPED, load_dockerfile, read_bounded
from optimizer.bases.mirror import Mirror
from optimizer.dockerfile.instruction import Position, Problem, Span
from optimizer.dockerfile.parse import decode
from optimizer.errors import ContextError
from optimizer.lint.finding import Location
from optimizer.lint.rule import Rule
from optimizer.lint.subjects import AppSubject, DockerfileSubject, FunctionSubject, PlanSubject, RepositorySubject, Subject
from optimizer.lint.suppressions import Malformed, Suppression, literal, reason_and_end
from optimizer.model.plan import BuildPlan
from optimizer.sam.config import ImageRepositories, image_repositories
from optimizer.sam.document import Document, parse_document
from optimizer.sam.template import TemplateFunction, TemplateRepository, functions, repositories

ACKNOWLEDGED = "lambda-image-optimizer"
"""What stands before ``::`` and the id of a rule in the acknowledgements of CDK."""

LARGEST_TEMPLATE = 4 * 1024 * 1024
"""The largest template that is read, in bytes; CloudFormation takes 1 MB."""

_TEMPLATES = ("template.yaml", "template.yml", "template.json")
_FUNCTIONS = ("AWS::Serverless::", "AWS::Lambda::Function")
_ARCHITECTURES = {"linux/amd64": "x86_64", "linux/arm64": "arm64"}
_START = Span(Position(1, 1), Position(1, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Subjects that are judged together; the app as a whole is the last one.

    ``generated`` says that their files are copies, which nobody edits.
    """

    subjects: tuple[Subject, ...]
    suppressions: tuple[Suppression, ...] = ()
    malformed: tuple[Malformed, ...] = ()
    generated: bool = False

    @property
    def locations(self) -> tuple[Location, ...]:
        """Where each subject is."""
        return tuple(dict.fromkeys(item.location for item in self.subjects))

    def covered(self, covers: Callable[[str], bool]) -> Source:
        """Without the Dockerfiles that are not to be checked, by their paths."""
        kept = [item for item in self.subjects if not isinstance(item, DockerfileSubject) or covers(item.path)]
        return replace(self, subjects=tuple(kept))

    @property
    def dockerfiles(self) -> tuple[str, ...]:
        """The paths of its Dockerfiles, sorted."""
        return tuple(sorted({os.path.normpath(item.path) for item in self.subjects if isinstance(item, DockerfileSubject)}))


def load_app(
    directory: str,
    rules: Sequence[Rule],
    *,
    mirror: Mirror = Mirror(),  # noqa: B008 - an immutable value
    plans: Mapping[str, BuildPlan] | None = None,
    origins: Mapping[str, str] | None = None,
) -> Source:
    """Every image function, image asset and repository of a synthesized app, and the app itself.

    ``rules`` are all that an acknowledgement may name.  ``plans`` are by asset:
    such an image is judged by its plan and not by its text.  ``origins`` are
    the directories that assets were made from, by asset.  Raises
    :class:`ContextError` for a directory that holds no assembly.
    """
    return _App(directory, load_assembly(directory), mirror, plans or {}, origins or {}).source(rules)


def load_template(path: str, *, mirror: Mirror = Mirror()) -> Source:  # noqa: B008 - an immutable value
    """Every image function and repository of a template of SAM or CloudFormation, and the template itself.

    A template that cannot be read is a problem of the app.  Raises
    :class:`ContextError` when there is no such file.
    """
    data = read_bounded(path, LARGEST_TEMPLATE)
    if data is None:
        raise ContextError(
            f'"{path}" cannot be read as a file of at most {LARGEST_TEMPLATE // 1024 // 1024} MB',
            path,
            "check its kind, its permissions and its size",
        )
    document = parse_document(decode(data))
    if isinstance(document, Problem):
        return Source(subjects=(AppSubject(location=Location(path=path), problems=(document,)),))
    if not isinstance(document.data, dict):
        nothing = Problem("the template holds no mapping", _START)
        return Source(subjects=(AppSubject(location=Location(path=path), problems=(nothing,)),))
    return _template(path, document, mirror)


def find_templates(paths: Iterable[str | os.PathLike[str]]) -> Iterator[str]:
    """The templates with functions under the paths, each once, those of a directory sorted.

    A path to a file counts when its ending is one of YAML or JSON; in a
    directory, files named ``template`` or ``*.template`` with such an ending
    that speak of functions.  Directories are skipped as for Dockerfiles.
    """
    seen: set[str] = set()
    for path in paths:
        name = os.fspath(path)
        for item in _walk(name) if os.path.isdir(name) else [name] if is_template(name) else []:
            normal = os.path.normpath(item)
            if normal not in seen:
                seen.add(normal)
                yield normal


def is_template(name: str) -> bool:
    """Whether a file of this name is taken for a template when the user names it."""
    return name.lower().endswith((".yaml", ".yml", ".json", ".template"))


def is_app(path: str) -> bool:
    """Whether the path is the output directory of ``cdk synth``."""
    return is_assembly(path)


def _walk(root: str) -> Iterator[str]:
    for directory, below, files in os.walk(root):
        below[:] = sorted(name for name in below if name not in SKIPPED)
        for name in sorted(files):
            if name.lower() in _TEMPLATES or name.lower().endswith(tuple(f".{ending}" for ending in _TEMPLATES)):
                path = os.path.join(directory, name)
                # Other tools have files of this name too, and some of them are no YAML.
                data = read_bounded(path, LARGEST_TEMPLATE)
                if data is not None and any(word.encode() in data for word in _FUNCTIONS):
                    yield path


class _App:
    def __init__(
        self, directory: str, assembly: Assembly, mirror: Mirror, plans: Mapping[str, BuildPlan], origins: Mapping[str, str]
    ) -> None:
        self._directory = directory
        self._assembly = assembly
        self._mirror = mirror
        self._plans = plans
        self._origins = origins

    def source(self, rules: Sequence[Rule]) -> Source:
        images = {image.asset: image for image in self._assembly.images}
        files = {asset: self._dockerfile(image) for asset, image in images.items() if asset not in self._plans}
        used = {function.asset for function in self._assembly.functions}
        declared = [self._function(function, images.get(function.asset or ""), files) for function in self._assembly.functions]
        dockerfiles = [function.dockerfile for function in declared if function.dockerfile is not None]
        for asset, image in images.items():
            file = files.get(asset)
            if asset not in used and file is not None:
                dockerfiles.append(replace(file, construct=image.name, for_lambda=False))
        plans = [PlanSubject(plan=function.plan, location=Location(construct=function.construct)) for function in declared if function.plan]
        pushed = {destination.repository for image in images.values() if image.asset in used for destination in image.destinations}
        stores = [
            _repository(item.declared, Location(path=str(item.template), construct=item.path), pushed)
            for item in self._assembly.repositories
        ]
        suppressions, malformed = _acknowledged(self._assembly.acknowledgements, rules)
        app = AppSubject(
            location=Location(path=self._directory), dockerfiles=dockerfiles, functions=declared, plans=plans, repositories=stores
        )
        return Source(
            subjects=(*dockerfiles, *plans, *declared, *stores, app),
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
        subject = load_dockerfile(
            path,
            context=str(image.directory),
            shown=os.path.normpath(os.path.join(origin, options.dockerfile)) if origin else path,
            mirror=self._mirror,
            arguments=options.arguments,
            architecture=_ARCHITECTURES.get(options.platform or ""),
            target=options.target,
        )
        cache = dict(options.cache_to.parameters).get("ref") if options.cache_to and options.cache_to.type == "registry" else None
        return replace(
            subject,
            platform=options.platform,
            repository=image.destinations[0].repository if image.destinations else None,
            cache_to=(cache,) if cache else (),
        )

    def _function(
        self, function: AssemblyFunction, image: AssemblyImage | None, files: Mapping[str, DockerfileSubject | None]
    ) -> FunctionSubject:
        file = files.get(image.asset) if image else None
        return FunctionSubject(
            construct=function.path,
            location=Location(path=str(function.template), construct=function.path),
            architecture=function.architecture,
            architecture_given=function.architecture_given,
            command=function.command,
            entrypoint=function.entrypoint,
            workdir=function.workdir,
            repository=function.repository,
            image=function.asset or "",
            dockerfile=replace(file, construct=function.path) if file else None,
            plan=self._plans.get(function.asset or ""),
        )


def _acknowledged(items: Iterable[Acknowledgement], rules: Sequence[Rule]) -> tuple[list[Suppression], list[Malformed]]:
    found: list[Suppression] = []
    failed: list[Malformed] = []
    ids = {rule.id for rule in rules}
    for item in items:
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


def _template(path: str, document: Document, mirror: Mirror) -> Source:
    problems: list[Problem] = []
    files: dict[str, DockerfileSubject | None] = {}
    pushed = _samconfig(os.path.join(os.path.dirname(path), "samconfig.toml"))
    declared = [
        replace(
            _template_function(path, function, document, mirror, files, problems),
            repository=pushed.of(function.logical_id) if function.build else None,
        )
        for function in functions(document)
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


def _samconfig(path: str) -> ImageRepositories:
    """What the file beside a template says; a broken one says nothing, and SAM itself refuses it."""
    data = read_bounded(path, LARGEST_TEMPLATE)
    if data is None:
        return ImageRepositories()
    # Imported here, because most trees have no such file.
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        return image_repositories(tomlkit.parse(decode(data)).unwrap())
    except (TOMLKitError, ValueError, RecursionError):
        return ImageRepositories()


def _template_function(
    path: str,
    function: TemplateFunction,
    document: Document,
    mirror: Mirror,
    files: dict[str, DockerfileSubject | None],
    problems: list[Problem],
) -> FunctionSubject:
    construct = function.path or function.logical_id
    architecture = function.architecture if function.architecture_given else "x86_64"
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
                    architecture=architecture if architecture in _ARCHITECTURES.values() else None,
                    target=build.target,
                )
            except ContextError as error:
                files[image] = None
                place = document.places.get(("Resources", function.logical_id, "Metadata", "Dockerfile"), function.span)
                problems.append(Problem(f"the Dockerfile of {function.logical_id}: {error.faults[0].message}", place or _START))
        loaded = files[image]
        platform = next((name for name, word in _ARCHITECTURES.items() if word == architecture), None)
        file = replace(loaded, construct=construct, platform=platform) if loaded else None
    return FunctionSubject(
        construct=construct,
        location=Location(path=path, span=function.span, construct=construct),
        architecture=architecture,
        architecture_given=function.architecture_given,
        command=function.command,
        entrypoint=function.entrypoint,
        workdir=function.workdir,
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
