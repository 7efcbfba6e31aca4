from __future__ import annotations

from optimizer.lint.conventions import Conventions
from optimizer.lint.finding import Location
from optimizer.lint.subjects import PlanSubject
from tests.lint.cases import TODAY, Case, dockerfile
from tests.test_golden import plan_of

HOUSE = Conventions(today=TODAY, runtimes=("python3.13", "provided.al2023"))
GO = PlanSubject(plan=plan_of("nodejs-npm"), location=Location(path="spec.toml"))

CATCHES: list[Case] = [
    dockerfile("FROM public.ecr.aws/lambda/python:3.10", 1, says='"python3.10" is not allowed; allowed: python3.13', conventions=HOUSE),
    Case(GO, (0,), '"nodejs', conventions=HOUSE),
]
PASSES: list[Case] = [
    dockerfile("FROM public.ecr.aws/lambda/python:3.10"),
    dockerfile(
        "FROM public.ecr.aws/lambda/python:3.10 AS b\nFROM public.ecr.aws/lambda/provided:al2023\nCOPY --from=b /a /b", conventions=HOUSE
    ),
    # LIO101 speaks of what AWS does not provide.
    dockerfile("FROM python:3.10", conventions=HOUSE),
    dockerfile("ARG B\nFROM $B", conventions=HOUSE, undecided=1),
    Case(GO),
]
