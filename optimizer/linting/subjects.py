"""The values that rules look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from optimizer.bases.mirror import Mirror
from optimizer.bases.recognise import WORKDIR, lambda_base, lambda_environment
from optimizer.dockerfile.copies import Copy, copies
from optimizer.dockerfile.installs import Install, install_of
from optimizer.dockerfile.instruction import Dockerfile, Instruction, Problem, Span
from optimizer.dockerfile.parse import read, read_by_docker
from optimizer.dockerfile.references import reference_problems
from optimizer.dockerfile.rendered import HEADER
from optimizer.dockerfile.scope import BuildInputs, ResolvedDockerfile, ResolvedStage, resolve
from optimizer.dockerfile.shell import Command, commands
from optimizer.linting.finding import Fix, Location
from optimizer.model.architectures import platform_of
from optimizer.model.build import BuildOptions
from optimizer.model.function import DeclaredFunction
from optimizer.model.ignore import IgnorePatterns
from optimizer.model.tag_mutability import TagMutability
from optimizer.model.template import SamBuilder, TemplateFaultKind

if TYPE_CHECKING:
    from optimizer.images.analysis import ImageAnalysis
    from optimizer.model.plan import BuildPlan


_Fact = TypeVar("_Fact")
_MOST_PATTERNS = 1000
_MOST_STARS = 20
_LONGEST_IGNORE = 65536
"""Of an ignore file that rules look at: each pattern is tried for each copy."""


class ContextFiles(Protocol):
    """The files that a build can copy, before any ignore file; paths are relative, with ``/``."""

    def names(self, directory: str = "") -> tuple[str, ...] | None:
        """The names in a directory, sorted, those of directories with a ``/`` at their end; None for no directory."""

    def read_text(self, path: str) -> str | None:
        """The text of a file; None for no file, or one that is no text or too large to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoreFile:
    """An ignore file: its path as the user sees it, and its lines."""

    path: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerfileSubject:
    """A Dockerfile with what is known of how it is built.

    ``final`` is the index of the stage that is built, None in a file without
    stages.  ``target`` is the name that the build gives for it, None when it
    gives none.  ``ignore`` is the ``.dockerignore`` at the root of the context;
    ``own_ignore`` the ``<Dockerfile>.dockerignore`` beside the file, which
    BuildKit prefers and CDK does not read.  ``context`` is None where the
    context is not known; ``inside_context`` is False for a Dockerfile outside.
    ``construct`` names the function or asset that it belongs to.
    ``architecture`` is Lambda's word for what it is built for, None where
    it is not set.

    ``platform`` is what the build names, None when it names none;
    ``repository`` where the image is pushed, ``repository_tags`` which of the
    tags there may move, None where that is unknown, and ``cache_to`` the images
    that the build writes its cache to.  ``for_lambda`` says whether a function runs
    the image; None where nobody says so.  ``sam`` is what builds an image of a
    SAM template, None for any other, which BuildKit builds.

    A Dockerfile that was rendered from a specification is one like any other,
    so that every rule judges it.  ``place`` is where its findings are shown
    instead, because the file itself is generated; None for a file that people
    write.  ``plan`` is what it was rendered of, None where that is not known,
    and ``plan_note`` then says why, empty for a file that people write.
    ``archives`` are the bytes of the plan's packed files, by their stages, as
    far as they are known.
    """

    path: str
    resolved: ResolvedDockerfile
    problems: tuple[Problem, ...] = ()
    target: str | None = None
    final: int | None = None
    ignore: IgnoreFile | None = None
    own_ignore: IgnoreFile | None = None
    context: ContextFiles | None = None
    inside_context: bool = True
    construct: str = ""
    architecture: str | None = None
    platform: str | None = None
    repository: str | None = None
    repository_tags: TagMutability | None = None
    cache_to: tuple[str, ...] = ()
    for_lambda: bool | None = None
    sam: SamBuilder | None = None
    place: Location | None = None
    plan: BuildPlan | None = None
    plan_note: str = ""
    archives: Mapping[str, int] = field(default_factory=dict)
    # What many rules ask for, computed once: by the identity of an instruction, or by a name.
    _commands: dict[int, tuple[Command, ...]] = field(default_factory=dict, repr=False, compare=False)
    _installs: dict[int, tuple[Install, ...]] = field(default_factory=dict, repr=False, compare=False)
    _copies: dict[int, tuple[tuple[int, Copy], ...]] = field(default_factory=dict, repr=False, compare=False)
    _stages: dict[str, tuple[ResolvedStage, ...]] = field(default_factory=dict, repr=False, compare=False)
    _facts: dict[str, tuple[Any, ...]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(
        cls,
        text: str,
        path: str = "Dockerfile",
        *,
        mirror: Mirror = Mirror(),  # noqa: B008 - an immutable value
        arguments: Mapping[str, str] | None = None,
        architecture: str | None = None,
        target: str | None = None,
        ignore: IgnoreFile | None = None,
        own_ignore: IgnoreFile | None = None,
        context: ContextFiles | None = None,
        inside_context: bool = True,
        construct: str = "",
        sam: SamBuilder | None = None,
        for_lambda: bool | None = None,
    ) -> DockerfileSubject:
        """The subject that the text is.

        ``arguments`` are all build arguments, None where they are not known;
        ``architecture`` is Lambda's word, None where it is not known.
        """
        dockerfile, problems = read(text)

        def environments(image: str) -> Mapping[str, str] | None:
            base = lambda_base(image, mirror)
            return lambda_environment(base) if base else None

        def workdirs(image: str) -> str | None:
            return WORKDIR if lambda_base(image, mirror) else None

        inputs = BuildInputs(
            arguments=arguments or {},
            complete=arguments is not None,
            platform=platform_of(architecture),
            environments=environments,
            workdirs=workdirs,
            automatic=sam is not SamBuilder.CLASSIC,
        )
        resolved = resolve(dockerfile, inputs)
        final = resolved.target(target)
        if dockerfile.stages and read_by_docker(dockerfile.directives):
            more = reference_problems(resolved, final)
            problems = tuple(sorted((*problems, *_elsewhere(more, problems)), key=lambda problem: problem.span))
        return cls(
            path=path,
            resolved=resolved,
            problems=problems,
            target=target,
            final=final,
            ignore=ignore,
            own_ignore=own_ignore,
            context=context,
            inside_context=inside_context,
            construct=construct,
            architecture=architecture,
            sam=sam,
            for_lambda=for_lambda,
        )

    @property
    def dockerfile(self) -> Dockerfile:
        """The file as it is written."""
        return self.resolved.dockerfile

    @property
    def location(self) -> Location:
        """The file as a whole, or what stands for it."""
        return self.place or Location(path=self.path, construct=self.construct)

    @property
    def shown(self) -> str:
        """What the image is called in the message of another one."""
        return self.place.construct if self.place else self.path

    @property
    def planned(self) -> bool:
        """Whether the file was rendered from a specification."""
        return self.dockerfile.lines[:1] == (HEADER,)

    def step(self, span: Span | None) -> str:
        """What the plan says of the step whose stage holds the span; empty for what belongs to the image as a whole."""
        if span is None or self.plan is None:
            return ""
        above = [item.stage.name for item in self.resolved.stages if item.stage.start.line <= span.start.line]
        return next((stage.title for stage in self.plan.stages if above and stage.name == above[-1]), "")

    @property
    def final_stage(self) -> ResolvedStage | None:
        """The stage that is built."""
        return None if self.final is None else self.resolved.stages[self.final]

    @property
    def final_stages(self) -> tuple[ResolvedStage, ...]:
        """The stages whose instructions make the image: the one under all others first, the stage that is built last."""
        if "final" not in self._stages:
            indices = () if self.final is None else reversed(self.resolved.lineage(self.final))
            self._stages["final"] = tuple(self.resolved.stages[index] for index in indices)
        return self._stages["final"]

    @property
    def needed_stages(self) -> tuple[ResolvedStage, ...]:
        """The stages that a build runs, in order."""
        if "needed" not in self._stages:
            indices = () if self.final is None else sorted(self.resolved.needed(self.final))
            self._stages["needed"] = tuple(self.resolved.stages[index] for index in indices)
        return self._stages["needed"]

    def once(self, name: str, made: Callable[[], Iterable[_Fact]]) -> tuple[_Fact, ...]:
        """What ``made`` gives for this subject, asked at the first call with the name alone."""
        if name not in self._facts:
            self._facts[name] = tuple(made())
        return self._facts[name]

    def commands(self, instruction: Instruction) -> tuple[Command, ...]:
        """The shell commands of an instruction; read once."""
        key = id(instruction)
        if key not in self._commands:
            self._commands[key] = commands(instruction)
        return self._commands[key]

    def copies(self, stage: ResolvedStage) -> tuple[tuple[int, Copy], ...]:
        """The copies of a stage, each with its index among the stage's instructions; read once."""
        key = stage.stage.index
        if key not in self._copies:
            self._copies[key] = tuple(copies(stage))
        return self._copies[key]

    @property
    def ignore_used(self) -> IgnoreFile | None:
        """The ignore file that the builder obeys."""
        return self.ignore if self.sam is SamBuilder.CLASSIC else self.own_ignore or self.ignore

    @property
    def ignored(self) -> IgnorePatterns | None:
        """What the build does not see of the context; None for an ignore file that is too long to be checked."""
        lines = self.ignore_used.lines if self.ignore_used else ()
        if len(lines) > _MOST_PATTERNS or sum(map(len, lines)) > _LONGEST_IGNORE or any(line.count("*") > _MOST_STARS for line in lines):
            return None
        return IgnorePatterns.parse(lines)

    def installs(self, instruction: Instruction) -> tuple[Install, ...]:
        """What the commands of an instruction install, in order; read once."""
        key = id(instruction)
        if key not in self._installs:
            found = (install_of(command) for command in self.commands(instruction))
            self._installs[key] = tuple(install for install in found if install)
        return self._installs[key]

    def line(self, span: Span | None) -> str:
        """The line at which the span starts."""
        lines = self.dockerfile.lines
        return lines[span.start.line - 1] if span and span.start.line <= len(lines) else ""


def _elsewhere(problems: Iterable[Problem], known: Sequence[Problem]) -> Iterator[Problem]:
    """The problems that are not at the place of a known one."""
    places = {problem.span.start for problem in known}
    return (problem for problem in problems if problem.span.start not in places)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSubject:
    """A function of an app or a template.

    ``repository`` is where its image is pushed; ``image`` tells images
    apart, and is empty for one that nobody here builds.  ``metadata`` is what
    SAM compares to build an image once, empty outside SAM.  ``telling`` is the
    change that makes the template set the architecture that the function has,
    None where it has no safe place; ``pullable`` the one that takes the image by
    the usual endpoint in place of the FIPS endpoint, None where it has none or
    none is needed.  ``hidden`` names what of it only a
    deployment knows, with the reason; ``unbuilt`` says why a function of a
    template has no Dockerfile.  ``spans`` are the places of its properties in a
    template that people write, by their path; ``region`` is where it is
    deployed, None where only a deployment knows it.  ``build`` is the build of
    its image that a template declares, the context and the options, None where
    it declares none, or something of it is hidden.  ``spec`` is the file of the
    specification that its image will be generated of, empty where it has a
    Dockerfile, or no specification.  ``publisher`` is the stack of a CDK app that
    publishes its image, where it is none that the function's stack waits for.
    """

    construct: str
    location: Location
    declared: DeclaredFunction = DeclaredFunction()
    repository: str | None = None
    image: str = ""
    metadata: str = ""
    telling: Fix | None = None
    pullable: Fix | None = None
    dockerfile: DockerfileSubject | None = None
    hidden: tuple[str, ...] = ()
    unbuilt: str = ""
    spans: Mapping[tuple[str, ...], Span] = field(default_factory=dict)
    region: str | None = None
    build: tuple[str, BuildOptions] | None = None
    spec: str = ""
    publisher: str = ""

    def place(self, *keys: str) -> Span | None:
        """Where a property stands, or the nearest one above it; None for the function as a whole."""
        return next((self.spans[keys[:length]] for length in range(len(keys), 0, -1) if keys[:length] in self.spans), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositorySubject:
    """A repository of Amazon ECR that an app or a template creates.

    ``name`` is None where CloudFormation chooses it, or only a deployment
    knows it.  ``lifecycle`` holds the rules of its life-cycle policy and
    ``policy`` the statements of its access policy, as the documents have them;
    each is None where it is unknown.  ``mutability`` is the mode of its tags,
    ``exclusions`` are the filters that are excluded from it, as the document
    has them; each None where it is unknown.  ``receives`` says that images of
    the app's functions are pushed to it.  ``run_tags`` are the tags by which
    functions of the app or the template run its images, whoever pushes them;
    None for a tag that is unknown, and for a digest.
    """

    location: Location
    name: str | None = None
    lifecycle: tuple[Mapping[str, Any], ...] | None = ()
    policy: tuple[Mapping[str, Any], ...] | None = ()
    mutability: str | None = "MUTABLE"
    exclusions: tuple[Mapping[str, Any], ...] | None = ()
    receives: bool = False
    run_tags: tuple[str | None, ...] = ()

    @property
    def tags(self) -> TagMutability | None:
        """Which of its tags may move; None where the mode or a filter is unknown, or wrong."""
        return TagMutability.declared(self.mutability, self.exclusions)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclarationFault:
    """What is wrong with a declaration in a template; ``construct`` is the function, empty for what belongs to none.

    ``generated`` is the path of a template that nobody writes, whose lines mean
    nothing to people; empty for the subject's own.
    """

    kind: TemplateFaultKind
    problem: Problem
    construct: str = ""
    generated: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSubject:
    """Everything that is judged together: the Dockerfiles of a tree, or the functions of an app.

    ``problems`` say why a template cannot be read, ``inconclusive`` what in it
    only a deployment knows, and ``faults`` which of its declarations SAM CLI
    takes for something else.
    """

    location: Location
    dockerfiles: Sequence[DockerfileSubject] = ()
    functions: Sequence[FunctionSubject] = ()
    repositories: Sequence[RepositorySubject] = ()
    problems: Sequence[Problem] = ()
    inconclusive: Sequence[Problem] = ()
    faults: Sequence[DeclarationFault] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSubject:
    """A built image, taken apart.

    ``location`` is its file, or its name as a construct where it lies in no
    file.
    """

    analysis: ImageAnalysis
    location: Location


Subject = DockerfileSubject | FunctionSubject | RepositorySubject | AppSubject | ImageSubject
