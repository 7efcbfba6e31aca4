"""LIO609: nobody names the handler."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.base_image import has_entrypoint_of_aws, last
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    if subject.declared.command or subject.declared.entrypoint:
        return
    if subject.dockerfile is None or not has_entrypoint_of_aws(subject.dockerfile, conventions):
        return
    if subject.dockerfile.problems or last(subject.dockerfile, "CMD") is not None:
        return
    if subject.declared.command is None or subject.declared.entrypoint is None:
        yield Inconclusive(reason="the function's command is decided when it is deployed")
    else:
        yield Violation(message="neither the function nor its image names a handler")


RULE = Rule(
    id="LIO609",
    name="command-missing",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="Neither the function nor its image names the handler.",
    why="The entrypoint of AWS's base images takes the handler as its one argument, and ends with exit code 142 without it.",
    fix="give the function a handler (cmd of DockerImageCode, ImageConfig.Command), or the image a CMD",
    fix_in_spec='leave the command as OptimizedFunction sets it: handler="app.handler"',
    bad='DockerImageFunction(self, "Api", code=DockerImageCode.from_image_asset("api"))',
    good='DockerImageFunction(self, "Api", code=DockerImageCode.from_image_asset("api", cmd=["app.handler"]))',
    example="python",
    function=_check,
)
