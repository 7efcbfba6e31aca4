"""LIO701: the images of one app go to several repositories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.repositories import images_by_repository
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import AppSubject


def _check(subject: AppSubject, conventions: Conventions) -> Iterator[Verdict]:
    found = images_by_repository(subject.functions)
    if len(found) < 2 or all(len(images) == 1 for images in found.values()):
        return
    counts = Counter({name: len(images) for name, images in found.items()})
    shown = ", ".join(f'"{name}" ({count})' for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:5])
    yield Violation(message=f"the images of the functions go to {len(found)} repositories: {shown}")


RULE = Rule(
    id="LIO701",
    name="several-repositories",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The functions of one app have their images in several repositories.",
    why=(
        "Layers are stored once per repository, unless blob mounting is switched on for the account: the same base and the same dependencies "
        "are pushed again to each. Access, life cycle and scanning have to be kept alike in all of them."
    ),
    fix="publish to one repository: SharedRepositorySynthesizer for the app in CDK, one image_repository in samconfig.toml",
    bad=(
        'OrdersStack(app, "Orders", synthesizer=cdk.DefaultStackSynthesizer(image_assets_repository_name="orders"))\n'
        'StockStack(app, "Stock", synthesizer=cdk.DefaultStackSynthesizer(image_assets_repository_name="stock"))'
    ),
    good='app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="shop"))',
    example="python",
    app=_check,
)
