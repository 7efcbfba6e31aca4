"""LIO905: SAM builds one Dockerfile for two architectures without BuildKit."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import AppSubject, FunctionSubject
from optimizer.model.template import SamBuilder


def _check(subject: AppSubject, conventions: Conventions) -> Iterator[Verdict]:
    first: dict[str, FunctionSubject] = {}
    for function in subject.functions:
        file = function.dockerfile
        if file is None or file.sam is not SamBuilder.CLASSIC or function.declared.architecture is None:
            continue
        other = first.setdefault(file.path, function)
        if other.declared.architecture != function.declared.architecture:
            yield Violation(
                message=(
                    f'"{file.path}" is built for {other.declared.architecture} too, for {other.construct}, '
                    "and SAM's default builder fails at the second build"
                ),
                path=function.location.path,
                span=function.location.span,
                construct=function.construct,
            )


RULE = Rule(
    id="LIO905",
    name="two-architectures-without-buildkit",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="Functions of a SAM template share a Dockerfile, for two architectures, and SAM builds without BuildKit.",
    why=(
        "The engine's classic builder, which SAM CLI (1.170.0) asks for by default, takes layers of the first build from its cache for the second "
        "and then refuses them, because they are of the other architecture; FROM scratch is no exception."
    ),
    fix="write use_buildkit = true under [default.build.parameters] of samconfig.toml, or give the functions one architecture",
    bad=(
        "Get:\n  Properties: {PackageType: Image, Architectures: [x86_64]}\n  Metadata: {Dockerfile: Dockerfile, DockerContext: ./api}\n"
        "Put:\n  Properties: {PackageType: Image, Architectures: [arm64]}\n  Metadata: {Dockerfile: Dockerfile, DockerContext: ./api}"
    ),
    good=(
        "Get:\n  Properties: {PackageType: Image, Architectures: [arm64]}\n  Metadata: {Dockerfile: Dockerfile, DockerContext: ./api}\n"
        "Put:\n  Properties: {PackageType: Image, Architectures: [arm64]}\n  Metadata: {Dockerfile: Dockerfile, DockerContext: ./api}"
    ),
    example="yaml",
    app=_check,
)
