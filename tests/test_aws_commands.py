"""The calls of the AWS CLI in the documentation: services, operations, parameters and answers as AWS's own model has them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

ROOT = Path(__file__).parents[1]
CALL = re.compile(r"(?:^|[$(`]|\$ )aws ([a-z-]+ [a-z-]+(?: --?[^|`)\n]+)?)", re.MULTILINE)
# They hold for every call, or are commands that the CLI adds.
EVERYWHERE = {"--query", "--output", "--region", "--profile"}
ADDED = {"ecr get-login-password"}


def calls() -> list[tuple[str, str]]:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "docs" / "ci").glob("*.yml"))]
    return [(page.relative_to(ROOT).as_posix(), call.strip()) for page in pages for call in CALL.findall(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("page", "call"), calls())
def test_a_call_is_one_of_the_service(page: str, call: str) -> None:
    service, operation, *words = shlex.split(call)
    if f"{service} {operation}" in ADDED:
        return
    model = botocore.session.get_session().get_service_model(service)
    named = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in named, (page, operation)
    shapes = model.operation_model(named[operation])
    given = {word for word in words if word.startswith("--")}
    assert given - EVERYWHERE <= {f"--{xform_name(name, '-')}" for name in shapes.input_shape.members}, page
    if "--query" in words:
        asked = re.findall(r"\w+", words[words.index("--query") + 1])
        assert asked and set(asked) <= set(shapes.output_shape.members), page


def test_all_are_found() -> None:
    services = {call.split()[0] for _, call in calls()}
    assert {"codeartifact", "ecr", "lambda", "lambda-core"} <= services
