from __future__ import annotations

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Location
from optimizer.linting.subjects import FunctionSubject
from optimizer.model.function import DeclaredFunction
from tests.linting.cases import TODAY, Case

CONVENTIONS = Conventions(today=TODAY, architectures=("arm64",))


def function(architecture: str | None) -> FunctionSubject:
    return FunctionSubject(construct="A", location=Location(construct="A"), declared=DeclaredFunction(architecture=architecture))


CATCHES: list[Case] = [
    Case(function("x86_64"), (0,), '"x86_64" is not allowed; allowed: arm64', conventions=CONVENTIONS),
]
PASSES: list[Case] = [
    Case(function("x86_64")),
    Case(function("arm64"), conventions=CONVENTIONS),
    Case(function(None), inconclusive=1, conventions=CONVENTIONS),
]
