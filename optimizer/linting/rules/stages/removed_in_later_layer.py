"""LIO206: a RUN removes what an earlier layer of the image holds."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field

from optimizer.dockerfile.copies import Copy
from optimizer.dockerfile.installs import SYSTEM_TOOLS, Install
from optimizer.dockerfile.scope import absolute
from optimizer.dockerfile.shell import Command
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

_REMOVALS = ("autoremove", "del", "erase", "purge", "remove", "uninstall")
_SYSTEM_CACHES = ("/var/cache/apk", "/var/cache/dnf", "/var/cache/yum", "/var/lib/apt/lists")


@dataclass(slots=True)
class _Earlier:
    """What the layers before an instruction hold, each with the line that brought it."""

    files: dict[str, int] = field(default_factory=dict)
    packages: dict[str, int] = field(default_factory=dict)
    caches: int = 0


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    earlier = _Earlier()
    for item in subject.final_stages:
        found = dict(subject.copies(item))
        for index, instruction in enumerate(item.stage.instructions):
            workdir = item.workdirs[index]
            installs = subject.installs(instruction)
            if index in found:
                for path in _targets(found[index], workdir):
                    earlier.files[path] = instruction.line
                continue
            for command in subject.commands(instruction):
                reason = _removed(command, earlier, workdir, installs)
                if reason:
                    yield Violation(message=reason, span=command.span)
            for install in installs:
                earlier.packages.update(dict.fromkeys(install.packages, instruction.line))
                if install.ecosystem == "system":
                    earlier.caches = instruction.line


def _targets(copy: Copy, workdir: str | None) -> Iterator[str]:
    """The files and directories in the image that a copy of named ones makes."""
    target = absolute(copy.target, workdir) if copy.target is not None else None
    if target is None or copy.target is None:
        return
    into = copy.target.endswith(("/", "/.")) or copy.target in (".", "./") or len(copy.sources) > 1
    for source in copy.sources:
        name = posixpath.basename(source.value or "")
        if name and "*" not in name and "?" not in name:
            yield posixpath.join(target, name) if into or target == workdir else target


def _removed(command: Command, earlier: _Earlier, workdir: str | None, installs: tuple[Install, ...]) -> str:
    """What is wrong with the command; empty when it is well."""
    words = [word for word in command.words[1:] if not word.startswith("-")]
    if command.program == "rm":
        for word in words:
            path = absolute(word.removesuffix("/*"), workdir) if "$" not in word else None
            line = earlier.files.get(path or "")
            if line:
                return f'"{word}" is removed, and the layer of line {line} still holds it'
            if earlier.caches and path is not None and path.startswith(_SYSTEM_CACHES) and not _any_of_system(installs):
                return f"the cache is emptied, and the layer of line {earlier.caches} still holds it"
    elif words and words[0] in _REMOVALS:
        here = {name for install in installs for name in install.packages}
        for word in words[1:]:
            if word in earlier.packages and word not in here:
                return f'"{word}" is removed, and the layer of line {earlier.packages[word]} still holds it'
    elif command.program in SYSTEM_TOOLS and "clean" in words and earlier.caches and not _any_of_system(installs):
        return f"the cache is emptied, and the layer of line {earlier.caches} still holds it"
    return ""


def _any_of_system(installs: tuple[Install, ...]) -> bool:
    return any(install.ecosystem == "system" for install in installs)


RULE = Rule(
    id="LIO206",
    name="removed-in-later-layer",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A RUN of the final image removes what an earlier layer holds.",
    why="A layer only hides what is below it: the image stays as large as before, and everyone who pulls it can read the file.",
    fix="remove it in the instruction that brings it, or bring it in an earlier stage and copy only what is needed",
    bad="FROM public.ecr.aws/lambda/python:3.13\nCOPY model.tar.gz /opt/\nRUN tar -xf /opt/model.tar.gz -C /opt && rm /opt/model.tar.gz",
    good=(
        "FROM public.ecr.aws/lambda/python:3.13 AS model\nCOPY model.tar.gz /\nRUN mkdir /model && tar -xf /model.tar.gz -C /model\n\n"
        "FROM public.ecr.aws/lambda/python:3.13\nCOPY --from=model /model /opt"
    ),
    dockerfile=_check,
)
