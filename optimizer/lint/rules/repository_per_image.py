"""LIO702: each image has a repository of its own."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.lint.conventions import Conventions
from optimizer.lint.finding import Severity, Verdict, Violation
from optimizer.lint.repositories import images_by_repository
from optimizer.lint.rule import Rule
from optimizer.lint.subjects import AppSubject


def _check(subject: AppSubject, conventions: Conventions) -> Iterator[Verdict]:
    found = images_by_repository(subject.functions)
    if len(found) > 1 and all(len(images) == 1 for images in found.values()):
        yield Violation(message=f'each of the {len(found)} images has a repository of its own, such as "{min(found)}"')


RULE = Rule(
    id="LIO702",
    name="repository-per-image",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="Each image of an app has a repository of its own, as the staging synthesizer of CDK makes them.",
    why=(
        "No layer is shared between functions, the staging stack holds 20 repositories at most, and its life-cycle rule keeps the last few "
        "images of each alone, so that the image of an older version expires under a function that still runs it."
    ),
    fix="publish to one repository: SharedRepositorySynthesizer for the app",
    bad='app = cdk.App(default_stack_synthesizer=AppStagingSynthesizer.default_resources(app_id="shop"))',
    good='app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="shop"))',
    example="python",
    app=_check,
)
