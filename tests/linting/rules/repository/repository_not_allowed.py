from __future__ import annotations

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Location
from optimizer.linting.subjects import FunctionSubject
from tests.linting.cases import TODAY, Case

HOUSE = Conventions(today=TODAY, repository="lambda-images")


def function(repository: str | None) -> FunctionSubject:
    return FunctionSubject(construct="A", location=Location(construct="A"), repository=repository)


CATCHES: list[Case] = [Case(function("cdk-assets"), (0,), '"cdk-assets"; allowed: "lambda-images"', conventions=HOUSE)]
PASSES: list[Case] = [
    Case(function("cdk-assets")),
    Case(function("lambda-images"), conventions=HOUSE),
    Case(function(None), inconclusive=1, conventions=HOUSE),
]
