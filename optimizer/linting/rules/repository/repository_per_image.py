"""LIO702: each image has a repository of its own."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.repositories import images_by_repository
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import AppSubject


def _check(subject: AppSubject, conventions: Conventions) -> Iterator[Verdict]:
    found = images_by_repository(subject.functions)
    if len(found) > 1 and all(len(images) == 1 for images in found.values()):
        yield Violation(message=f'the images go to {len(found)} repositories, each for one image, such as "{min(found)}"')


RULE = Rule(
    id="LIO702",
    name="repository-per-image",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="Each image of an app has a repository of its own, as CDK's staging synthesizer and SAM's resolve_image_repos make them.",
    why=(
        "No layer is shared between functions, unless blob mounting is switched on for the account, and the same base is pushed again to each "
        "repository. The staging synthesizer also holds 20 images at most, and keeps the last few of each alone, so that the image of an older "
        "version expires under a function that still runs it."
    ),
    fix="publish to one repository: SharedRepositorySynthesizer for the app in CDK, one image_repository in samconfig.toml",
    bad='app = cdk.App(default_stack_synthesizer=AppStagingSynthesizer.default_resources(app_id="shop"))',
    good='app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="shop"))',
    example="python",
    app=_check,
)
