"""LIO703: the name of the asset repository has a slash."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.repositories import images_by_repository
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import AppSubject


def _check(subject: AppSubject, conventions: Conventions) -> Iterator[Verdict]:
    # SAM pushes to nested names, too.
    for name in sorted(images_by_repository(function for function in subject.functions if not function.metadata)):
        if "/" in name:
            hint = f'use a name without a slash, such as "{name.replace("/", "-")}"'
            yield Violation(message=f'images are published to "{name}", a nested repository', hint=hint)


RULE = Rule(
    id="LIO703",
    name="nested-repository-name",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The name of the repository that CDK publishes to has a slash.",
    why=(
        "CDK finds an image that it has built by a pattern that does not cross a second slash: the push to the second Region fails with "
        "An image does not exist locally with the tag."
    ),
    fix="use a name without a slash",
    bad='cdk.DefaultStackSynthesizer(image_assets_repository_name="shop/functions")',
    good='SharedRepositorySynthesizer(repository_name="shop-functions")',
    example="python",
    app=_check,
)
