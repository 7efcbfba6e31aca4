"""LIO603: AWS's entrypoint takes one argument, and gets several."""

from __future__ import annotations

import re
from collections.abc import Iterator

from optimizer.dockerfile.instruction import Instruction
from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.base_image import ENTRYPOINT, has_entrypoint_of_aws, last
from optimizer.linting.finding import Edit, Fix, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject, FunctionSubject, ImageSubject
from optimizer.linting.violations import in_image


def _check_dockerfile(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    if not has_entrypoint_of_aws(subject, conventions):
        return
    command = last(subject, "CMD")
    if command is None:
        return
    if command.json is None:
        message = "CMD in shell form gives the entrypoint three arguments"
        yield Violation(message=message, span=command.head, hint=f'write CMD ["{_handler(command)}"]', fix=_in_json_form(subject, command))
    elif len(command.json) != 1:
        yield Violation(message=f"CMD gives the entrypoint {len(command.json)} arguments", span=command.head)


def _check_function(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    if subject.dockerfile is None or subject.declared.entrypoint or subject.declared.entrypoint is None or not subject.declared.command:
        return
    if len(subject.declared.command) > 1 and has_entrypoint_of_aws(subject.dockerfile, conventions):
        yield Violation(message=f"the function's command gives the entrypoint {len(subject.declared.command)} arguments")


def _check_image(subject: ImageSubject, conventions: Conventions) -> Iterator[Verdict]:
    image = subject.analysis.image
    if image.entrypoint == ENTRYPOINT and len(image.command) > 1:
        yield in_image(f"the command {list(image.command)} has {len(image.command)} words; AWS's entrypoint takes one, the handler")


def _handler(command: Instruction) -> str:
    words = command.arguments.replace('"', "").split()
    return words[0] if words else "app.handler"


def _in_json_form(subject: DockerfileSubject, command: Instruction) -> Fix | None:
    """The JSON form of one plain word; what a shell would change has none."""
    word = command.arguments.strip()
    if not re.fullmatch(r"[A-Za-z0-9_./:-]+", word) or command.flags:
        return None
    start = command.source.text.index(word, command.arguments_start)
    span = command.source.span(start, start + len(word))
    if span.start.line != span.end.line:
        return None
    return Fix(title="write the handler in JSON form", edits=(Edit(path=subject.path, span=span, text=f'["{word}"]'),))


RULE = Rule(
    id="LIO603",
    name="command-with-several-words",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The command under AWS's entrypoint is not exactly one word.",
    why="The entrypoint of AWS's base images takes the handler as its one argument, and ends with exit code 142 on any other number.",
    fix='write only the handler, in JSON form: CMD ["app.handler"]',
    fix_in_spec='give the function only its handler: handler="app.handler"',
    bad="FROM public.ecr.aws/lambda/python:3.13\nCMD app.handler",
    good='FROM public.ecr.aws/lambda/python:3.13\nCMD ["app.handler"]',
    dockerfile=_check_dockerfile,
    function=_check_function,
    image=_check_image,
)
