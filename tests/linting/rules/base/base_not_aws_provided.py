from __future__ import annotations

from optimizer.bases.mirror import Mirror
from optimizer.linting.conventions import Conventions
from tests.linting.cases import DIGEST, TODAY, Case, dockerfile

MIRRORED = Conventions(today=TODAY, mirror=Mirror.parse("mirror.example.com/ecr-public"))

CATCHES: list[Case] = [
    dockerfile("FROM python:3.13-slim", 1, says='is based on "python:3.13-slim"'),
    dockerfile("ARG V=3.13\nFROM python:$V AS one\nFROM one AS two\nUSER x", 2),
    dockerfile("FROM public.ecr.aws/lambda/python:3.13 AS one\nFROM scratch\nCOPY --from=one / /", 2),
    dockerfile("FROM public.ecr.aws/sam/build-python3.13", 1),
    dockerfile("FROM other.example.com/ecr-public/lambda/python:3.13", 1, conventions=MIRRORED),
]
PASSES: list[Case] = [
    dockerfile("FROM public.ecr.aws/lambda/python:3.13"),
    dockerfile(f"FROM public.ecr.aws/lambda/provided:al2023-arm64@{DIGEST}"),
    dockerfile("FROM golang AS build\nFROM amazon/aws-lambda-nodejs:22.2025.01.02.03-x86_64\nCOPY --from=build /a /b"),
    dockerfile("FROM mirror.example.com/ecr-public/lambda/python:3.13", conventions=MIRRORED),
    dockerfile("ARG BASE\nFROM ${BASE}", inconclusive=1),
]
