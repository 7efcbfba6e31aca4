from __future__ import annotations

from tests.linting.cases import PYTHON, Case, function, image

ARM = image(f"FROM {PYTHON}", architecture="arm64", platform="linux/arm64")

CATCHES: list[Case] = [
    Case(function(dockerfile=ARM), (0,), "the function is x86_64, and its image is built for linux/arm64"),
    Case(function(dockerfile=ARM, architecture_given=False), (0,), "the function is, by default, x86_64"),
    Case(function(dockerfile=image(f"FROM {PYTHON}", platform="linux/arm/v7")), (0,), "built for linux/arm/v7"),
]
PASSES: list[Case] = [
    Case(function(dockerfile=ARM, architecture="arm64")),
    Case(function(dockerfile=image(f"FROM {PYTHON}"))),
    # LIO107 says it.
    Case(function(dockerfile=image(f"FROM --platform=linux/arm64 {PYTHON}"))),
    Case(function(dockerfile=ARM, architecture=None), inconclusive=1),
    Case(function()),
]
