from __future__ import annotations

from tests.lint.cases import PYTHON, Case, function, image

ARM = "public.ecr.aws/lambda/python:3.13-arm64"

CATCHES: list[Case] = [
    Case(function(dockerfile=image(f"FROM {ARM}")), (1,), "the function is x86_64, and its base image"),
    Case(function(dockerfile=image(f"ARG A=1\nFROM --platform=linux/arm64 {PYTHON}")), (2,), "built for linux/arm64"),
    Case(
        function(dockerfile=image(f"FROM {PYTHON}", architecture="arm64", platform="linux/arm64"), architecture_given=False),
        (1,),
        "the function is, by default, x86_64",
    ),
]
PASSES: list[Case] = [
    Case(function(dockerfile=image(f"FROM {ARM}"), architecture="arm64")),
    Case(function(dockerfile=image(f"FROM {PYTHON}"))),
    Case(function(dockerfile=image(f"FROM --platform=linux/arm64 golang:1.25 AS b\nFROM {PYTHON}\nCOPY --from=b /a /a"))),
    Case(function(dockerfile=image(f"FROM {ARM}"), architecture=None), undecided=1),
    Case(function()),
]
