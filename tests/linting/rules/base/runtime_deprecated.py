from __future__ import annotations

import datetime

from optimizer.bases.mirror import Mirror
from optimizer.linting.conventions import Conventions
from tests.linting.cases import PYTHON, TODAY, Case, dockerfile

BEFORE = Conventions(today=datetime.date(2026, 10, 30))
ON_THE_DAY = Conventions(today=datetime.date(2026, 10, 31))
MIRRORED = Conventions(today=TODAY, mirror=Mirror.parse("mirror.example.com/ecr"))

CATCHES: list[Case] = [
    dockerfile("FROM public.ecr.aws/lambda/python:3.9", 1, says='"python3.9" is deprecated since 2025-12-15'),
    dockerfile("FROM public.ecr.aws/lambda/python:3.10-arm64", 1, conventions=ON_THE_DAY),
    dockerfile("FROM public.ecr.aws/lambda/go:1", 1, says="is retired since 2024-01-08"),
    dockerfile("FROM mirror.example.com/ecr/lambda/nodejs:18.2025.01.01.01 AS one\nFROM one", 1, conventions=MIRRORED),
    dockerfile("FROM public.ecr.aws/lambda/python:3.7", 1, says='"python3.7" is retired, deprecated since 2023-12-04'),
    dockerfile("FROM public.ecr.aws/lambda/nodejs:16.2024.01.05.14-x86_64", 1, says='"nodejs16.x" is retired'),
    dockerfile("FROM amazon/aws-lambda-dotnet:core3.1", 1, says='"dotnetcore3.1" is retired'),
    dockerfile("FROM public.ecr.aws/lambda/provided:alami", 1, says='"provided" is retired'),
]
PASSES: list[Case] = [
    dockerfile(f"FROM {PYTHON}"),
    dockerfile("FROM public.ecr.aws/lambda/python:3.10", conventions=BEFORE),
    dockerfile(f"FROM public.ecr.aws/lambda/python:3.9 AS build\nFROM {PYTHON}"),
    dockerfile("FROM python:3.9"),
    dockerfile("FROM public.ecr.aws/lambda/python:latest", inconclusive=1),
    dockerfile("FROM public.ecr.aws/lambda/provided", inconclusive=1),
    dockerfile("FROM amazon/aws-lambda-nodejs", inconclusive=1),
    dockerfile("ARG V\nFROM public.ecr.aws/lambda/python:$V", inconclusive=1),
]
