from __future__ import annotations

from optimizer.linting.facts.base_image import ENTRYPOINT
from optimizer.linting.finding import Location
from optimizer.linting.subjects import DockerfileSubject, FunctionSubject
from optimizer.model.function import DeclaredFunction
from tests.linting.cases import PYTHON, Case, dockerfile, on_base
from tests.linting.images import breaks, good, keeps


def function(*command: str, base: str = PYTHON, lines: tuple[int, ...] = (), entrypoint: tuple[str, ...] | None = ()) -> Case:
    subject = FunctionSubject(
        construct="Stack/Api",
        location=Location(construct="Stack/Api"),
        declared=DeclaredFunction(command=command, entrypoint=entrypoint),
        dockerfile=DockerfileSubject.of(f"FROM {base}"),
    )
    return Case(subject, lines)


CATCHES: list[Case] = [
    on_base("CMD app.handler", 2, says="three arguments"),
    on_base('CMD ["python", "app.py"]', 2, says="2 arguments"),
    on_base("CMD []", 2),
    on_base('ENTRYPOINT ["/lambda-entrypoint.sh"]\nCMD ["a", "b"]', 3),
    function("app.handler", "x", lines=(0,)),
    breaks(good(entrypoint=ENTRYPOINT, command=("python", "app.py")), "the command ['python', 'app.py'] has 2 words"),
]
PASSES: list[Case] = [
    on_base('CMD ["a", "b"]\nCMD ["app.handler"]'),
    on_base('ENTRYPOINT ["/usr/bin/python3", "-m", "awslambdaric"]\nCMD ["a", "b"]'),
    dockerfile("FROM python:3.13\nCMD python app.py"),
    on_base(""),
    function("app.handler"),
    function("a", "b", base="python"),
    function("a", "b", entrypoint=("/x",)),
    keeps(good(entrypoint=ENTRYPOINT, command=("app.handler",))),
    keeps(good(entrypoint=("/bin/sh",), command=("a", "b"))),
    keeps(good(entrypoint=ENTRYPOINT)),
]
