"""The values of a Dockerfile's variables, and the image that each stage starts from.

BuildKit's rules: arguments before the first FROM are seen by FROM alone,
unless a stage declares them again; a stage built on another inherits its
variables; ENV wins over ARG; what RUN, CMD and ENTRYPOINT write is the
shell's to expand.
Source: https://docs.docker.com/reference/dockerfile/#understand-how-arg-and-from-interact

A value that only the build decides is None: an argument without a default,
the platform where it is not set, and the environment of an unknown image.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from optimizer.dockerfile.instruction import Dockerfile, Instruction, ParsedStage
from optimizer.dockerfile.words import UnknownVariable, WordFault, expand

_EXPANDED = ("ADD", "COPY", "EXPOSE", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR")

_MOST_COPIES = 1_000_000
"""Variables that stages may inherit from one another in one file, all together."""

AUTOMATIC = tuple(f"{side}{name}" for side in ("BUILD", "TARGET") for name in ("PLATFORM", "OS", "ARCH", "VARIANT"))
"""Arguments that a builder sets: https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope"""

_LONGEST_PATH = 4096
"""Of a path, in characters: Linux takes no longer one."""

Environments = Callable[[str], "Mapping[str, str] | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildInputs:
    """The arguments and options of the build.

    ``arguments`` are its build arguments; where ``complete``, there are no
    others.  ``platform`` is such as ``linux/arm64``, None where it is not set.
    ``environments`` gives what is known of an image's variables, None for
    nothing; ``scratch`` has none at all.  ``workdirs`` gives an image's working
    directory, None where it is not known.  ``automatic`` says that the builder
    sets ``TARGETARCH`` and the like itself, as BuildKit does.
    """

    arguments: Mapping[str, str] = field(default_factory=dict)
    complete: bool = False
    platform: str | None = None
    environments: Environments = lambda image: None
    workdirs: Callable[[str], str | None] = lambda image: None
    automatic: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedStage:
    """A stage with its variables resolved.

    ``origin`` is what FROM names; ``parent`` the stage that this is, and None
    for an image; ``image`` the image under it in the end.  ``expanded`` has,
    for each of the stage's instructions, the values of its words: for ARG, ENV
    and LABEL those behind the ``=``, and nothing for what the shell expands.
    ``workdirs`` has the working directory before each instruction, and then
    the one at the end.  None stands for an unknown value.
    """

    stage: ParsedStage
    origin: str | None
    parent: int | None
    image: str | None
    platform: str | None
    expanded: tuple[tuple[str | None, ...], ...]
    environment: Mapping[str, str | None]
    workdirs: tuple[str | None, ...] = (None,)


@dataclass(frozen=True, kw_only=True)
class ResolvedDockerfile:
    """A Dockerfile with the variables of every stage resolved."""

    dockerfile: Dockerfile
    stages: tuple[ResolvedStage, ...]

    def lineage(self, index: int, most: int | None = None) -> tuple[int, ...]:
        """The stage and the stages that it is built on, the nearest first; at most so many of them."""
        found = [index]
        while (most is None or len(found) < most) and (parent := self.stages[found[-1]].parent) is not None:
            found.append(parent)
        return tuple(found)

    @cached_property
    def names(self) -> Mapping[str, int]:
        """The stage that each name, in lower case, and each number stands for at the end of the file."""
        numbers = {str(item.stage.index): item.stage.index for item in self.stages}
        return {**numbers, **{item.stage.name.lower(): item.stage.index for item in self.stages if item.stage.name}}

    def target(self, name: str | None = None) -> int | None:
        """The stage that is built: of the name or number, by default the last; None when there is none."""
        if name is None:
            return len(self.stages) - 1 if self.stages else None
        return self.names.get(name.lower())

    @cached_property
    def _needs(self) -> dict[int, frozenset[int]]:
        """What was asked for already."""
        return {}

    def needed(self, index: int) -> frozenset[int]:
        """The stages that a build of this one runs: what it is built on and copies from, and so on."""
        if index not in self._needs:
            self._needs[index] = self._needed(index)
        return self._needs[index]

    def _needed(self, index: int) -> frozenset[int]:
        found: set[int] = set()
        waiting = [index]
        names: dict[str, int] = {}
        below: list[list[int]] = []
        for item in self.stages:
            below.append([*([] if item.parent is None else [item.parent]), *_sources(item.stage, names)])
            names[str(item.stage.index)] = item.stage.index
            if item.stage.name:
                names[item.stage.name.lower()] = item.stage.index
        while waiting:
            current = waiting.pop()
            if current not in found:
                found.add(current)
                waiting += below[current]
        return frozenset(found)


def resolve(dockerfile: Dockerfile, inputs: BuildInputs = BuildInputs()) -> ResolvedDockerfile:
    """The stages with their variables, as far as the inputs decide them."""
    return _Resolver(dockerfile, inputs).resolved()


def _sources(stage: ParsedStage, names: Mapping[str, int]) -> list[int]:
    found = []
    for instruction in stage.instructions:
        for flag in instruction.flags:
            name = flag.value if flag.name == "from" else flag.fields().get("from") if flag.name == "mount" else None
            if name and name.lower() in names:
                found.append(names[name.lower()])
    return found


class _Resolver:
    def __init__(self, dockerfile: Dockerfile, inputs: BuildInputs) -> None:
        self._dockerfile = dockerfile
        self._inputs = inputs
        self._platform = (
            _platform_arguments(inputs.platform) if inputs.automatic else dict.fromkeys(AUTOMATIC, "" if inputs.complete else None)
        )
        self._global: dict[str, str | None] = dict(self._platform)
        self._declared: set[str] = set()
        self._copies = 0
        # By stage: its variables at its end, which of them ENV has set, and whether there are no others.
        self._ends: list[tuple[dict[str, str | None], set[str], bool]] = []
        self._workdirs: list[str | None] = []

    def resolved(self) -> ResolvedDockerfile:
        for instruction in self._dockerfile.global_arguments:
            for name, raw, _ in instruction.pairs():
                self._declared.add(name)
                self._global[name] = self._argument(name, raw, self._global, complete=True)
        stages: list[ResolvedStage] = []
        names: dict[str, int] = {}
        for stage in self._dockerfile.stages:
            stages.append(self._stage(stage, stages, names))
            if stage.name:
                names[stage.name.lower()] = stage.index
        return ResolvedDockerfile(dockerfile=self._dockerfile, stages=tuple(stages))

    def _expand(self, text: str, variables: Mapping[str, str | None], complete: bool) -> str | None:
        try:
            return expand(text, variables, self._dockerfile.escape, complete=complete)
        except (UnknownVariable, WordFault):
            return None

    def _argument(self, name: str, raw: str | None, variables: Mapping[str, str | None], complete: bool) -> str | None:
        if name in self._inputs.arguments:
            return self._inputs.arguments[name]
        if raw is not None:
            return self._expand(raw, variables, complete)
        if name in self._platform:
            return self._platform[name]
        return "" if self._inputs.complete else None

    def _stage(self, stage: ParsedStage, earlier: list[ResolvedStage], names: Mapping[str, int]) -> ResolvedStage:
        origin = self._expand(stage.origin, self._global, complete=True)
        flag = stage.start.flag("platform")
        platform = self._expand(flag.value or "", self._global, complete=True) if flag else self._inputs.platform
        parent = names.get(origin.lower()) if origin is not None else None
        image = earlier[parent].image if parent is not None else origin
        variables, environment, complete = self._start(parent, image)
        expanded = tuple(self._instruction(item, variables, environment, complete) for item in stage.instructions)
        self._ends.append((variables, environment, complete))
        workdirs = self._directories(stage, expanded, parent, image)
        return ResolvedStage(
            stage=stage,
            origin=origin,
            parent=parent,
            image=image,
            platform=platform,
            expanded=expanded,
            environment=variables,
            workdirs=workdirs,
        )

    def _directories(
        self, stage: ParsedStage, expanded: tuple[tuple[str | None, ...], ...], parent: int | None, image: str | None
    ) -> tuple[str | None, ...]:
        """The working directory before each instruction of the stage, and the one at its end."""
        if parent is not None:
            current = self._workdirs[parent]
        else:
            current = "/" if image == "scratch" else self._inputs.workdirs(image) if image is not None else None
        found = [current]
        for instruction, values in zip(stage.instructions, expanded, strict=True):
            if instruction.keyword == "WORKDIR" and values:
                current = None if values[0] is None else absolute(values[0], current)
            found.append(current)
        self._workdirs.append(current)
        return tuple(found)

    def _start(self, parent: int | None, image: str | None) -> tuple[dict[str, str | None], set[str], bool]:
        if parent is not None:
            variables, environment, complete = self._ends[parent]
            self._copies += len(variables)
            if self._copies > _MOST_COPIES:
                return {}, set(), False
            return dict(variables), set(environment), complete
        known = self._inputs.environments(image) if image is not None else None
        return dict(known or {}), set(known or ()), image == "scratch"

    def _instruction(
        self, instruction: Instruction, variables: dict[str, str | None], environment: set[str], complete: bool
    ) -> tuple[str | None, ...]:
        keyword = instruction.keyword
        if keyword in _EXPANDED:
            words = instruction.json if instruction.json is not None else [word.text for word in instruction.words]
            return tuple(self._expand(word, variables, complete) for word in words)
        if keyword == "ARG":
            values = []
            for name, raw, _ in instruction.pairs():
                value = self._global[name] if raw is None and name in self._declared else self._argument(name, raw, variables, complete)
                if name not in environment:
                    variables[name] = value
                values.append(value)
            return tuple(values)
        if keyword in ("ENV", "LABEL"):
            # Every value of one instruction is expanded with the variables before it.
            pairs = [(name, self._expand(raw or "", variables, complete)) for name, raw, _ in instruction.pairs()]
            if keyword == "ENV":
                variables.update(pairs)
                environment.update(name for name, _ in pairs)
            return tuple(value for _, value in pairs)
        return ()


def absolute(path: str, directory: str | None) -> str | None:
    """The path as it is seen from the working directory; None where that is not known and matters."""
    if path.startswith("/"):
        return posixpath.normpath(f"/{path.lstrip('/')}")
    if directory is None or len(directory) + len(path) > _LONGEST_PATH:
        return None
    return posixpath.normpath(posixpath.join(directory, path))


def _platform_arguments(platform: str | None) -> dict[str, str | None]:
    result: dict[str, str | None] = dict.fromkeys(AUTOMATIC)
    if platform is not None:
        system, architecture, variant = [*platform.split("/"), "", ""][:3]
        result.update(TARGETPLATFORM=platform, TARGETOS=system, TARGETARCH=architecture, TARGETVARIANT=variant)
    return result
