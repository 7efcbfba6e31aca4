from __future__ import annotations

from optimizer.linting.finding import Location
from optimizer.linting.subjects import DockerfileSubject, FunctionSubject
from optimizer.model.function import DeclaredFunction
from tests.linting.cases import PYTHON, Case
from tests.test_golden import GOLDEN


def function(text: str, *lines: int, inconclusive: int = 0, **known: object) -> Case:
    """A function of an image that the text builds."""
    declared = DeclaredFunction(**known)  # type: ignore[arg-type]
    made = FunctionSubject(construct="F", location=Location(construct="F"), declared=declared, dockerfile=DockerfileSubject.of(text))
    return Case(made, lines, inconclusive=inconclusive)


PLANNED = (GOLDEN / "python-requirements" / "Dockerfile").read_text(encoding="utf-8")

CATCHES: list[Case] = [
    function(f"FROM {PYTHON}", 0),
    function(f'FROM {PYTHON} AS x\nCMD ["a.b"]\nFROM {PYTHON}', 0),
    function(PLANNED, 0),
    # An organization makes its base from that of the runtime.
    function(PLANNED.replace("public.ecr.aws/lambda/", "example.com/"), 0),
]
PASSES: list[Case] = [
    function(f"FROM {PYTHON}", command=("app.handler",)),
    function(f'FROM {PYTHON} AS x\nCMD ["a.b"]\nFROM x'),
    function(f"FROM {PYTHON}", entrypoint=("/x",)),
    function(f"FROM {PYTHON}", command=None, inconclusive=1),
    function(f'FROM {PYTHON}\nENTRYPOINT ["./main"]'),
    function("FROM example.com/base"),
    function("FORM x"),
]
