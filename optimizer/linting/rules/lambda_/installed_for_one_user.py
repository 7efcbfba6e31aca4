"""LIO612: packages are installed for the user that builds, and the function's user does not find them."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.dockerfile.copies import Copy
from optimizer.dockerfile.scope import ResolvedStage, absolute
from optimizer.dockerfile.shell import Command
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

_PATHS = {"pip": ("PYTHONUSERBASE", "PYTHONPATH"), "gem": ("GEM_HOME", "GEM_PATH")}
"""Variables that put such packages elsewhere, or let a runtime find them."""

_FLAGS = {"pip": ("--user",), "gem": ("--user-install",)}


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    if not subject.final_stages:
        return
    final = subject.final_stages[-1].environment
    for item in subject.final_stages:
        copies = dict(subject.copies(item))
        for index, instruction in enumerate(item.stage.instructions):
            for install in subject.installs(instruction):
                flag = next((flag for flag in _FLAGS.get(install.tool, ()) if install.command.has(flag)), None)
                if flag and not any(name in final for name in _PATHS[install.tool]) and not _has_target(install.command):
                    yield Violation(message=f"{flag} installs into the home directory of the user that builds", span=install.command.span)
            if index in copies and not any(name in final for name in _PATHS["pip"]):
                yield from _copied(copies[index], item, index)


def _has_target(command: Command) -> bool:
    return command.has("-t", "--target", "--prefix", "--root")


def _copied(copy: Copy, stage: ResolvedStage, index: int) -> Iterator[Verdict]:
    """A user's packages that another stage has installed."""
    target = absolute(copy.target, stage.workdirs[index]) if copy.target is not None else None
    if copy.origin is None or target is None:
        return
    if target.startswith(("/root/.local", "/home/")) and any("/.local" in (source.value or "") for source in copy.sources):
        yield Violation(message=f'"{target}" is in the home directory of another user', span=copy.instruction.head)


RULE = Rule(
    id="LIO612",
    name="installed-for-one-user",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="Packages are installed into the home directory of the user that builds.",
    why=(
        "Python and Ruby look for such packages below the home directory of the user that runs them. Lambda runs a function as a user of its own, "
        "whose home is another one and who cannot look into /root: imports fail."
    ),
    fix="leave the option out, or install with --target ${LAMBDA_TASK_ROOT}",
    fix_in_spec="name the lock in a step for the packages",
    bad="FROM public.ecr.aws/lambda/python:3.13\nCOPY requirements.txt ./\nRUN pip install --user -r requirements.txt",
    good="FROM public.ecr.aws/lambda/python:3.13\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt",
    dockerfile=_check,
)
