"""LIO684: SAM reads a value of a build otherwise than it is written."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import AppSubject
from optimizer.linting.violations import declared
from optimizer.model.template import TemplateFaultKind


def _check(subject: AppSubject, conventions: Conventions) -> Iterator[Verdict]:
    yield from declared(subject, TemplateFaultKind.MISREAD)


RULE = Rule(
    id="LIO684",
    name="build-value-misread",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A value of a build in a template has no quotes, or names nothing that SAM knows, and it reads another value.",
    why=(
        "SAM CLI (1.170.0) reads 1.10 as 1.1, 010 as 8 and yes as a boolean. With use_buildkit it passes True on for true, and without it the "
        "engine refuses a build argument that is no text. It takes the name itself for the value of a !Ref to something that is no parameter, and "
        "leaves a parameter out whose default is a number with a point. It asks Systems Manager nothing: a parameter of that kind has the name there "
        "as its value, and a dynamic reference stays a text."
    ),
    fix="write the value in quotes, or name a parameter of the template",
    bad="Metadata:\n  DockerTag: 1.10\n  DockerBuildArgs:\n    DEBUG: true",
    good='Metadata:\n  DockerTag: "1.10"\n  DockerBuildArgs:\n    DEBUG: "true"',
    example="yaml",
    app=_check,
)
