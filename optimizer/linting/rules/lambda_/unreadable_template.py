"""LIO681: a template that cannot be read, or whose Dockerfile is not there."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import AppSubject


def _check(subject: AppSubject, conventions: Conventions) -> Iterator[Verdict]:
    for problem in subject.problems:
        yield Violation(message=problem.message, span=problem.span, hint=problem.hint)
    for problem in subject.inconclusive:
        yield Inconclusive(reason=problem.message, span=problem.span)


RULE = Rule(
    id="LIO681",
    name="unreadable-template",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A template cannot be read, or the Dockerfile that it names or the samconfig beside it cannot.",
    why="Nothing in such a template is checked, and sam build fails too. Where only a deployment knows a value, such as a parameter without a default, the rule is inconclusive.",
    fix="fix the template, or the paths DockerContext (from the template) and Dockerfile (from DockerContext)",
    bad="Resources:\n  Api:\n    Type: AWS::Serverless::Function\n   Properties:\n      PackageType: Image",
    good="Resources:\n  Api:\n    Type: AWS::Serverless::Function\n    Properties:\n      PackageType: Image",
    example="yaml",
    app=_check,
)
