"""LIO751: the function's image goes to another repository than the company's."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    if not conventions.repository:
        return
    if subject.repository is None:
        yield Inconclusive(reason="only the deployment decides the repository")
    elif subject.repository != conventions.repository:
        yield Violation(message=f'the image goes to the repository "{subject.repository}"; allowed: "{conventions.repository}"')


RULE = Rule(
    id="LIO751",
    name="repository-not-allowed",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The image goes to another repository than the company's.",
    why=(
        "Layers are stored once per repository, and policies are set once per repository: an image elsewhere has neither. Nothing is found while "
        "repository is not configured."
    ),
    fix="route the stack's images with SharedRepositorySynthesizer, or name the repository in the template",
    bad='[conventions]\nrepository = "lambda-images"\n\ncdk.App()',
    good='[conventions]\nrepository = "lambda-images"\n\ncdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="lambda-images"))',
    example="text",
    function=_check,
)
