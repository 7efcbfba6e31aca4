"""LIO204: what a package manager has downloaded stays in the final image."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from optimizer.dockerfile.instruction import Instruction
from optimizer.dockerfile.scope import ResolvedStage
from optimizer.dockerfile.shell import Command
from optimizer.lint.conventions import Conventions
from optimizer.lint.finding import Severity, Verdict, Violation
from optimizer.lint.installs import Install
from optimizer.lint.rule import Rule
from optimizer.lint.subjects import DockerfileSubject


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for item in subject.final_stages:
        for instruction in item.stage.instructions:
            told: set[str] = set()
            for install in subject.installs(instruction):
                cache = _CACHES.get(install.tool)
                if cache is None or install.tool in told or _clean(subject, item, instruction, install, cache):
                    continue
                told.add(install.tool)
                yield Violation(message=f"{install.tool} leaves its cache in the image", span=install.command.span, hint=cache[2])


def _clean(subject: DockerfileSubject, stage: ResolvedStage, instruction: Instruction, install: Install, cache: _Cache) -> bool:
    directories, cleaned, _, unneeded = cache
    mounted = any(flag.name == "mount" and flag.fields().get("type") in ("cache", "tmpfs") for flag in instruction.flags)
    if mounted or unneeded(install, stage):
        return True
    for command in subject.commands(instruction):
        if cleaned(command):
            return True
        if command.program == "rm" and any(directory in word for word in command.words[1:] for directory in directories):
            return True
    return False


def _cleans_all(*tools: str) -> Callable[[Command], bool]:
    return lambda command: command.program in tools and "clean" in command.words[1:]


def _never(install: Install, stage: ResolvedStage) -> bool:
    return False


def _pip_without_cache(install: Install, stage: ResolvedStage) -> bool:
    variable = stage.environment.get("PIP_NO_CACHE_DIR", "")
    # What the base image or an argument sets cannot be seen, and counts as if it were right.
    return (
        install.command.has("--no-cache-dir", "--no-cache") or variable is None or variable.lower() not in ("", "0", "false", "no", "off")
    )


def _apk_without_cache(install: Install, stage: ResolvedStage) -> bool:
    return install.command.has("--no-cache")


_Cache = tuple[tuple[str, ...], Callable[[Command], bool], str, Callable[[Install, ResolvedStage], bool]]
_RPM: _Cache = (
    ("/var/cache/dnf", "/var/cache/yum", "/var/cache"),
    _cleans_all("dnf", "microdnf", "yum"),
    "end the same RUN with && dnf clean all (yum clean all on Amazon Linux 2)",
    _never,
)
_APT: _Cache = (("/var/lib/apt/lists",), lambda command: False, "end the same RUN with && rm -rf /var/lib/apt/lists/*", _never)
_CACHES: dict[str, _Cache] = {
    "dnf": _RPM,
    "microdnf": _RPM,
    "yum": _RPM,
    "apt": _APT,
    "apt-get": _APT,
    "apk": (("/var/cache/apk",), lambda command: False, "add --no-cache", _apk_without_cache),
    "pip": (
        (".cache",),
        lambda command: "cache" in command.words and "purge" in command.words,
        "add --no-cache-dir, or RUN --mount=type=cache,target=/root/.cache/pip",
        _pip_without_cache,
    ),
    "npm": (
        (".npm",),
        lambda command: command.program == "npm" and "cache" in command.words and "clean" in command.words,
        "end the same RUN with && npm cache clean --force, or use RUN --mount=type=cache,target=/root/.npm",
        _never,
    ),
}
"""By tool: the directories of its cache, the command that empties it, what to do, and whether an installation makes none."""

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
