"""LIO407: system packages come at whatever version the repository has today."""

from __future__ import annotations

import re
from collections.abc import Iterator

from optimizer.bases.recognise import image_reference, lambda_base
from optimizer.dockerfile.installs import SYSTEM_TOOLS, Install
from optimizer.dockerfile.scope import ResolvedStage
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

_MOVING = ("apk", "apt", "apt-get")
"""Tools whose repositories keep the newest version alone."""

_RPM = ("dnf", "microdnf", "yum")
"""Tools whose repositories move on unless the image is locked to a release, as Amazon Linux 2023 is."""

_DISTRIBUTIONS = re.compile(r"(?:.*/)?(?:almalinux|centos|fedora|oraclelinux|rockylinux|ubi\d*(?:-\w+)?)")
_AMAZON_LINUX_2 = re.compile(r"2(?:\.0\.\d+.*)?(?:-.*)?")
_VERSION = re.compile(r"-\d|\$")

_UPGRADES = {tool: ("upgrade", "update", "dist-upgrade", "full-upgrade") for tool in SYSTEM_TOOLS} | {
    # For these, `update` fetches the lists of packages, and nothing else.
    **dict.fromkeys(_MOVING, ("upgrade", "dist-upgrade", "full-upgrade")),
}


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for item in subject.needed_stages:
        for instruction in item.stage.instructions:
            for install in subject.installs(instruction):
                if install.ecosystem == "system":
                    yield from _judged(install, _moves(item, conventions))
            for command in subject.commands(instruction):
                verb = next((word for word in command.words[1:] if not word.startswith("-")), "")
                if verb in _UPGRADES.get(command.program, ()) and not _locked(command.words):
                    yield Violation(
                        message=f"{command.program} {verb} installs the newest version of the day",
                        span=command.span,
                        hint="use a newer base image instead: run optimizer pin --update",
                    )


def _moves(stage: ResolvedStage, conventions: Conventions) -> str:
    """What the image under the stage is, where its repositories of RPM packages move on; empty where they do not, or that is unknown."""
    base = lambda_base(stage.image, conventions.mirror) if stage.image is not None else None
    if base is not None:
        return "Amazon Linux 2" if base.base is not None and base.base.os == "AL2" else ""
    reference = image_reference(stage.image) if stage.image is not None else None
    if reference is None:
        return ""
    if reference.repository.endswith("amazonlinux"):
        return "Amazon Linux 2" if reference.tag is not None and _AMAZON_LINUX_2.fullmatch(reference.tag) else ""
    return reference.repository.rpartition("/")[2] if _DISTRIBUTIONS.fullmatch(reference.repository) else ""


def _judged(install: Install, moves: str) -> Iterator[Verdict]:
    if "latest" in install.value_of("--releasever"):
        yield Violation(
            message="--releasever=latest installs the newest version of the day",
            span=install.command.span,
            hint="remove the option, or name a release: the base image is locked to one",
        )
    elif install.tool in _MOVING:
        loose = [name for name in install.distributed if "=" not in name and "$" not in name]
        if loose:
            yield Violation(message=f"{', '.join(loose[:5])}: no version", span=install.command.span)
    elif install.tool in _RPM and moves:
        # A group has no version, and a name may have digits of its own.
        loose = [name for name in install.distributed if not name.startswith("@") and not _VERSION.search(name)]
        if loose:
            yield Violation(
                message=f"{', '.join(loose[:5])}: no version, and the repositories of {moves} move on",
                span=install.command.span,
                hint="write name-version, or build on Amazon Linux 2023, whose repositories are locked to the release of the base image",
            )


def _locked(words: tuple[str, ...]) -> bool:
    """Whether the command names the packages, or the release that it goes to."""
    rest = [word for word in words[1:] if not word.startswith("-")]
    release = [word.partition("=")[2] for word in words if word.startswith("--releasever=")]
    return len(rest) > 1 or bool(release and release[-1] != "latest")


RULE = Rule(
    id="LIO407",
    name="system-packages-unpinned",
    severity=Severity.INFO,
    since="0.1.0",
    summary="System packages are installed or upgraded to whatever version is the newest.",
    why=(
        "The same Dockerfile makes another image tomorrow. Debian, Alpine and Amazon Linux 2 move on; Amazon Linux 2023 is locked to the release of the base "
        "image unless --releasever sets another, so dnf install on a pinned base always finds the same packages."
    ),
    fix="write name=version",
    bad="FROM golang:1.25 AS build\nRUN apt-get update && apt-get install -y zip\n\nFROM public.ecr.aws/lambda/provided:al2023\nCOPY --from=build /x /",
    good="FROM golang:1.25 AS build\nRUN apt-get update && apt-get install -y zip=3.0-13\n\nFROM public.ecr.aws/lambda/provided:al2023\nCOPY --from=build /x /",
    dockerfile=_check,
)
