from __future__ import annotations

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Location
from optimizer.linting.subjects import FunctionSubject
from tests.linting.cases import TODAY, Case

CONVENTIONS = Conventions(today=TODAY, repository="lambda-images")


def function(repository: str | None) -> FunctionSubject:
    return FunctionSubject(construct="A", location=Location(construct="A"), repository=repository)


CATCHES: list[Case] = [Case(function("cdk-assets"), (0,), '"cdk-assets"; allowed: "lambda-images"', conventions=CONVENTIONS)]
PASSES: list[Case] = [
    Case(function("cdk-assets")),
    Case(function("lambda-images"), conventions=CONVENTIONS),
    Case(function(None), inconclusive=1, conventions=CONVENTIONS),
]
