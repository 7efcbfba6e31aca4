"""The rules of Acme; optimizer.toml names them by the entry point "acme"."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.rules import Conventions, DockerfileSubject, FunctionSubject, Rule, Severity, Verdict, Violation

__all__ = ["RULES"]


def _check_label(subject: DockerfileSubject, asked: Conventions) -> Iterator[Verdict]:
    names = {
        name
        for stage in subject.final_stages
        for instruction in stage.stage.instructions
        if instruction.keyword == "LABEL"
        for name, _, _ in instruction.pairs()
    }
    if "acme.owner" not in names and subject.final_stage is not None:
        yield Violation(message="the image does not say who owns it", span=subject.final_stage.stage.start.head)


def _check_handler(subject: FunctionSubject, asked: Conventions) -> Iterator[Verdict]:
    if subject.declared.command and not subject.declared.command[0].endswith(".handler"):
        yield Violation(message=f'the handler "{subject.declared.command[0]}" is not called handler')


OWNER_LABEL = Rule(
    id="ACME101",
    name="acme-owner-label",
    severity=Severity.ERROR,
    since="1.0.0",
    summary="The image has no label acme.owner.",
    why="Whoever is on call finds the team of an image by this label.",
    fix="add LABEL acme.owner=<team> to the last stage",
    bad="FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ./",
    good="FROM public.ecr.aws/lambda/python:3.13\nLABEL acme.owner=orders\nCOPY app.py ./",
    dockerfile=_check_label,
)
HANDLER_NAME = Rule(
    id="ACME601",
    name="acme-handler-name",
    severity=Severity.INFO,
    since="1.0.0",
    summary="The handler is not called handler.",
    why="Dashboards and alarms are made by that name.",
    fix="call the function handler, such as app.handler",
    bad='OptimizedFunction(self, "Api", spec=spec, handler="app.main")',
    good='OptimizedFunction(self, "Api", spec=spec, handler="app.handler")',
    example="python",
    function=_check_handler,
)

RULES = [OWNER_LABEL, HANDLER_NAME]
