from __future__ import annotations

from tests.linting.cases import PYTHON, Case, function, image

CATCHES: list[Case] = [
    Case(function(architecture_given=False, dockerfile=image(f"FROM {PYTHON}")), (0,), "is built for that of the machine that builds it"),
    Case(function(architecture_given=False, metadata="{}", dockerfile=image(f"FROM {PYTHON}", platform="linux/amd64")), (0,), "for x86_64"),
]
PASSES: list[Case] = [
    Case(function(dockerfile=image(f"FROM {PYTHON}"))),
    # Nobody here builds the image.
    Case(function(architecture_given=False)),
    # The build, or the file, says it.
    Case(function(architecture_given=False, dockerfile=image(f"FROM {PYTHON}", platform="linux/amd64"))),
    Case(function(architecture_given=False, dockerfile=image(f"FROM --platform=linux/amd64 {PYTHON}"))),
    Case(
        function(architecture_given=False, metadata="{}", dockerfile=image(f"FROM --platform=linux/amd64 {PYTHON}", platform="linux/amd64"))
    ),
]
