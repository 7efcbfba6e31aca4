"""LIO201: compilers and their like are installed into the final image."""

from __future__ import annotations

import re
from collections.abc import Iterator

from optimizer.dockerfile.installs import SYSTEM_TOOLS
from optimizer.dockerfile.instruction import Instruction
from optimizer.dockerfile.scope import ResolvedStage
from optimizer.dockerfile.words import UnknownVariable, WordFault, expand
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

_TOOLS = re.compile(
    r"(?:gcc|g\+\+|gcc-c\+\+|gcc\d*(?:-c\+\+)?|clang\d*|make|cmake3?|ninja-build|autoconf|automake|libtool|bison|flex|patch|build-essential|"
    r"build-base|musl-dev|golang|rust|cargo|maven|gradle|git|@?\"?[Dd]evelopment(?:[- ][Tt]ools)?\"?|python3?\d*-devel|.+-devel|.+-dev)"
    r"(?:[=-][\d*].*)?"
)
_REMOVALS = frozenset(["autoremove", "del", "erase", "history", "purge", "remove"])


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for item in subject.final_stages:
        for instruction in item.stage.instructions:
            removed = _removed(subject, instruction)
            for install in subject.installs(instruction):
                if install.ecosystem != "system":
                    continue
                span = install.command.span
                packages = [word for name in install.packages for word in _known(name, item)]
                groups = set(install.value_of("--virtual", "-t"))
                tools = [name for name in packages if _TOOLS.fullmatch(name) and name not in removed and not groups & removed]
                if tools:
                    yield Violation(message=f"{', '.join(tools[:5])}: build tools that stay in the final image", span=span)
                elif any("$" in name for name in packages):
                    yield Inconclusive(reason="a variable of the shell names the packages", span=span)


def _known(name: str, stage: ResolvedStage) -> list[str]:
    """The words that the shell makes of a name with variables of the stage; the name itself where one is not known."""
    try:
        return expand(name, stage.environment, complete=False).split() if "$" in name else [name]
    except (UnknownVariable, WordFault):
        return [name]


def _removed(subject: DockerfileSubject, instruction: Instruction) -> frozenset[str]:
    """What the same instruction takes out again, so that no layer holds it."""
    return frozenset(
        word
        for command in subject.commands(instruction)
        if command.program in SYSTEM_TOOLS and any(word in _REMOVALS for word in command.words[1:])
        for word in command.words[1:]
    )


RULE = Rule(
    id="LIO201",
    name="build-tools-in-final-stage",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="Compilers, headers or build tools are installed into the final image.",
    why="They make the image larger and its attack surface wider, and no invocation needs them. What they build can be copied from a build stage.",
    fix="install the tools and build in an earlier stage, and copy the result with COPY --from",
    fix_in_spec="remove them from SystemPackages, and name them in build_packages of the step that needs them",
    bad="FROM public.ecr.aws/lambda/python:3.13\nRUN dnf install -y gcc\nRUN pip install -r requirements.txt",
    good=(
        "FROM public.ecr.aws/lambda/python:3.13 AS build\nRUN dnf install -y gcc\nCOPY requirements.txt ./\n"
        "RUN pip install -r requirements.txt --target /packages\n\nFROM public.ecr.aws/lambda/python:3.13\nCOPY --from=build /packages /var/task"
    ),
    dockerfile=_check,
)
