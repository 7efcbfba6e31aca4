from __future__ import annotations

from optimizer.linting.conventions import Conventions
from tests.linting.cases import TODAY, Case, dockerfile

CONVENTIONS = Conventions(today=TODAY, runtimes=("python3.13", "provided.al2023"))

CATCHES: list[Case] = [
    dockerfile(
        "FROM public.ecr.aws/lambda/python:3.10", 1, says='"python3.10" is not allowed; allowed: python3.13', conventions=CONVENTIONS
    ),
]
PASSES: list[Case] = [
    dockerfile("FROM public.ecr.aws/lambda/python:3.10"),
    dockerfile(
        "FROM public.ecr.aws/lambda/python:3.10 AS b\nFROM public.ecr.aws/lambda/provided:al2023\nCOPY --from=b /a /b",
        conventions=CONVENTIONS,
    ),
    # LIO101 speaks of what AWS does not provide.
    dockerfile("FROM python:3.10", conventions=CONVENTIONS),
    dockerfile("ARG B\nFROM $B", conventions=CONVENTIONS, inconclusive=1),
]
