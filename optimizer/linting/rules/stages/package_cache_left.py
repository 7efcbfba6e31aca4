"""LIO204: what a package manager has downloaded stays in the final image."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from optimizer.dockerfile.installs import Install
from optimizer.dockerfile.instruction import Instruction, Span
from optimizer.dockerfile.scope import ResolvedStage
from optimizer.dockerfile.shell import Command
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Edit, Fix, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for item in subject.final_stages:
        for instruction in item.stage.instructions:
            left: dict[str, list[Install]] = {}
            for install in subject.installs(instruction):
                cache = _CACHES.get(install.tool)
                if cache is not None and not cache.unneeded(install, item):
                    left.setdefault(install.tool, []).append(install)
            for tool, installs in left.items():
                if _clean(subject, instruction, _CACHES[tool]):
                    continue
                yield Violation(
                    message=f"{tool} leaves its cache in the image",
                    span=installs[0].command.span,
                    hint=_CACHES[tool].hint,
                    fix=_fix(subject, instruction, installs, _CACHES[tool]),
                )


def _clean(subject: DockerfileSubject, instruction: Instruction, cache: _Cache) -> bool:
    """Whether the cache is kept out of the layer, or emptied in it."""
    if any(flag.name == "mount" and flag.fields().get("type") in ("cache", "tmpfs") for flag in instruction.flags):
        return True
    for command in subject.commands(instruction):
        if cache.cleaned(command):
            return True
        if command.program == "rm" and any(directory in word for word in command.words[1:] for directory in cache.directories):
            return True
    return False


def _fix(subject: DockerfileSubject, instruction: Instruction, installs: Sequence[Install], cache: _Cache) -> Fix | None:
    """A flag for each installation, or a command after the last one; None where the text is not plain enough for that."""
    if cache.flag:
        places = [_after(install.command, install.command.words.index(install.verb)) for install in installs]
        edits = [Edit(path=subject.path, span=place, text=f" {cache.flag}") for place in places if place]
        return Fix(title=f"add {cache.flag}", edits=tuple(edits)) if len(edits) == len(installs) else None
    last = installs[-1].command
    place = _after(last, len(last.words) - 1)
    if place is None or not _is_plain(instruction, last):
        return None
    command = cache.command.format(program=last.words[0])
    return Fix(title="empty the cache in the same RUN", edits=(Edit(path=subject.path, span=place, text=f" && {command}"),))


def _after(command: Command, index: int) -> Span | None:
    """The place behind a word; None for one that is written in another way, as in JSON or in the script of sh -c."""
    start, end = command.places[index]
    if command.source.text[start:end] != command.words[index]:
        return None
    place = command.at(index).end
    return Span(place, place)


def _is_plain(instruction: Instruction, command: Command) -> bool:
    """Whether the RUN is a chain of commands with && alone, so that one more can follow the given one, which nothing stands before."""
    text = instruction.arguments
    if instruction.json is not None or instruction.heredocs or re.search(r"[|;(){}<>`#]|(?<!&)&(?!&)|&&&", text):
        return False
    before = command.source.text[instruction.arguments_start : command.places[0][0]].rstrip(" \t\\\n")
    return not before or before.endswith("&&")


def _cleans_all(*tools: str) -> Callable[[Command], bool]:
    return lambda command: command.program in tools and "clean" in command.words[1:]


def _pip_without_cache(install: Install, stage: ResolvedStage) -> bool:
    variable = stage.environment.get("PIP_NO_CACHE_DIR", "")
    # What the base image or an argument sets cannot be seen, and counts as if it were right.
    return (
        install.command.has("--no-cache-dir", "--no-cache") or variable is None or variable.lower() not in ("", "0", "false", "no", "off")
    )


def _is_set(stage: ResolvedStage, name: str) -> bool:
    """Whether a variable is set to anything, as far as can be told."""
    return stage.environment.get(name, "") != ""


def _apk_without_cache(install: Install, stage: ResolvedStage) -> bool:
    return install.command.has("--no-cache")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cache:
    """The cache of a tool.

    ``directories`` are where it lies; ``cleaned`` tells a command that empties
    it, and ``unneeded`` an installation that makes none.  ``flag`` is what
    keeps an installation from making one, and ``command`` what empties it,
    with ``{program}`` for the tool as it is written; each empty where there is
    no such thing.
    """

    directories: tuple[str, ...]
    hint: str
    cleaned: Callable[[Command], bool] = lambda command: False
    unneeded: Callable[[Install, ResolvedStage], bool] = lambda install, stage: False
    flag: str = ""
    command: str = ""


_RPM = _Cache(
    directories=("/var/cache/dnf", "/var/cache/yum", "/var/cache"),
    cleaned=_cleans_all("dnf", "microdnf", "yum"),
    hint="end the same RUN with && dnf clean all (yum clean all on Amazon Linux 2)",
    command="{program} clean all",
)
_APT = _Cache(
    directories=("/var/lib/apt/lists",),
    hint="end the same RUN with && rm -rf /var/lib/apt/lists/*",
    command="rm -rf /var/lib/apt/lists/*",
)
_CACHES: dict[str, _Cache] = {
    "dnf": _RPM,
    "microdnf": _RPM,
    "yum": _RPM,
    "apt": _APT,
    "apt-get": _APT,
    "apk": _Cache(directories=("/var/cache/apk",), hint="add --no-cache", unneeded=_apk_without_cache, flag="--no-cache"),
    "pip": _Cache(
        directories=(".cache",),
        cleaned=lambda command: "cache" in command.words and "purge" in command.words,
        hint="add --no-cache-dir, or RUN --mount=type=cache,target=/root/.cache/pip",
        unneeded=_pip_without_cache,
        flag="--no-cache-dir",
    ),
    "npm": _Cache(
        directories=(".npm",),
        cleaned=lambda command: command.program == "npm" and "cache" in command.words and "clean" in command.words,
        hint="end the same RUN with && npm cache clean --force, or use RUN --mount=type=cache,target=/root/.npm",
        command="{program} cache clean --force",
    ),
    "uv": _Cache(
        directories=(".cache",),
        cleaned=lambda command: command.program == "uv" and command.words[1:2] == ("cache",),
        hint="add --no-cache, or RUN --mount=type=cache,target=/root/.cache/uv",
        unneeded=lambda install, stage: install.command.has("--no-cache", "-n") or _is_set(stage, "UV_NO_CACHE"),
    ),
    "poetry": _Cache(
        directories=(".cache", "/pypoetry", "POETRY_CACHE_DIR"),
        cleaned=lambda command: command.program == "poetry" and command.words[1:3] == ("cache", "clear"),
        hint="add --no-cache, or RUN --mount=type=cache,target=/root/.cache/pypoetry",
        unneeded=lambda install, stage: install.command.has("--no-cache"),
    ),
    "pipenv": _Cache(
        directories=(".cache",),
        cleaned=lambda command: command.program == "pipenv" and "--clear" in command.words,
        hint="end the same RUN with && rm -rf ~/.cache, or use RUN --mount=type=cache,target=/root/.cache",
    ),
    "yarn": _Cache(
        directories=(".cache", ".yarn", "YARN_CACHE_FOLDER"),
        cleaned=lambda command: command.program == "yarn" and command.words[1:3] == ("cache", "clean"),
        hint="end the same RUN with && yarn cache clean",
        command="{program} cache clean",
    ),
}
"""By tool."""

RULE = Rule(
    id="LIO204",
    name="package-cache-left",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The cache of a package manager stays in the final image.",
    why="No invocation reads it. It is pushed and stored with every change of the layer, and differs from build to build.",
    fix="empty the cache in the RUN that fills it, or keep it out of the layer with RUN --mount=type=cache",
    bad="FROM public.ecr.aws/lambda/python:3.13\nRUN dnf install -y jq",
    good="FROM public.ecr.aws/lambda/python:3.13\nRUN dnf install -y jq && dnf clean all",
    dockerfile=_check,
)
