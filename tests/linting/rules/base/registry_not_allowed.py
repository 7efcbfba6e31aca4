from __future__ import annotations

from optimizer.bases.mirror import Mirror
from optimizer.linting.conventions import Conventions
from tests.linting.cases import TODAY, Case, dockerfile

CONVENTIONS = Conventions(today=TODAY, registries=("public.ecr.aws/lambda", "ghcr.io"), mirror=Mirror.parse("mirror.example.com/hub"))
AWS = "public.ecr.aws/lambda/python:3.13"

CATCHES: list[Case] = [
    dockerfile("FROM python:3.13-slim", 1, says='"docker.io/library/python" is under none of', conventions=CONVENTIONS),
    # A prefix ends where a name does.
    dockerfile("FROM public.ecr.aws/lambda-like/python:3.13", 1, conventions=CONVENTIONS),
    dockerfile(f"FROM golang AS b\nFROM {AWS}\nCOPY --from=b /a /b\nCOPY --from=quay.io/x/y /a /b", 1, 4, conventions=CONVENTIONS),
]
PASSES: list[Case] = [
    dockerfile("FROM python:3.13-slim"),
    dockerfile(f"FROM {AWS} AS a\nFROM a\nCOPY --from=ghcr.io/x/y /a /b", conventions=CONVENTIONS),
    dockerfile("FROM mirror.example.com/hub/golang AS b\nFROM scratch\nCOPY --from=b /a /b", conventions=CONVENTIONS),
    dockerfile(f"FROM golang AS unused\nFROM {AWS}", conventions=CONVENTIONS),
    dockerfile("ARG B\nFROM $B", conventions=CONVENTIONS, inconclusive=1),
]
