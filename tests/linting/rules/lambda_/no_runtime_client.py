from __future__ import annotations

from optimizer.linting.finding import Location
from optimizer.linting.subjects import DockerfileSubject, FunctionSubject
from optimizer.model.function import DeclaredFunction
from tests.linting.cases import PYTHON, Case, dockerfile, on_base


def function(text: str, entrypoint: tuple[str, ...] | None, *lines: int) -> Case:
    """A function that gives its image an entrypoint."""
    subject = DockerfileSubject.of(f"FROM {PYTHON}\n{text}")
    declared = DeclaredFunction(entrypoint=entrypoint)
    return Case(FunctionSubject(construct="F", location=Location(construct="F"), declared=declared, dockerfile=subject), lines)


ADAPTER = "COPY --from=public.ecr.aws/awsguru/aws-lambda-adapter:0.9.1 /lambda-adapter /opt/extensions/lambda-adapter\n"

CATCHES: list[Case] = [
    on_base('ENTRYPOINT ["uvicorn", "app:app", "--port", "8080"]', 2, says='"uvicorn" answers no invocations'),
    on_base("ENTRYPOINT npm start", 2),
    on_base('ENTRYPOINT ["/usr/bin/python3", "-m", "flask", "run"]', 2),
    on_base('ENTRYPOINT ["bundle", "exec", "puma"]', 2),
    dockerfile('FROM python:3.13\nENTRYPOINT ["gunicorn", "app"]', 2),
    function("", ("gunicorn", "app"), 0),
]
PASSES: list[Case] = [
    on_base(ADAPTER + 'ENTRYPOINT ["uvicorn", "app:app"]'),
    on_base('ENTRYPOINT ["python", "-m", "awslambdaric"]'),
    on_base('ENTRYPOINT ["npx", "aws-lambda-ric"]'),
    on_base('ENTRYPOINT ["flask"]\nENTRYPOINT ["/lambda-entrypoint.sh"]'),
    on_base('ENTRYPOINT ["/entry.sh"]'),
    dockerfile('FROM public.ecr.aws/lambda/provided:al2023\nENTRYPOINT ["./main"]'),
    dockerfile(f'FROM {PYTHON} AS test\nENTRYPOINT ["flask"]\nFROM {PYTHON}'),
    function(ADAPTER, ("gunicorn", "app")),
    # A tree may hold an extension.
    on_base('COPY --from=example.com/tree:1 /tree/ /\nENTRYPOINT ["uvicorn", "app:app"]', inconclusive=1),
    function("", None),
    function("", ()),
]
