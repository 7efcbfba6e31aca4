from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile

CATCHES: list[Case] = [
    dockerfile("FROM public.ecr.aws/lambda/python:3.15-preview", 1, says="is a preview"),
    dockerfile("FROM public.ecr.aws/lambda/nodejs:26-preview-arm64", 1),
]
PASSES: list[Case] = [
    dockerfile(f"FROM {PYTHON}"),
    dockerfile("FROM example.com/python:3.15-preview"),
    dockerfile("ARG BASE\nFROM $BASE", inconclusive=1),
]
