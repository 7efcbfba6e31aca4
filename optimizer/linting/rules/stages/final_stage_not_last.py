"""LIO203: the stage that makes the function's image is not the last one."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.bases.recognise import lambda_base
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    stages = subject.resolved.stages
    if not stages:
        return
    last = stages[-1]
    if subject.target is not None:
        if subject.final is None:
            yield Violation(message=f'the build names the target "{subject.target}", but no stage has this name')
        # SAM CLI obeys the target of its own Metadata.
        elif subject.final != last.stage.index and subject.sam is None:
            title = stages[subject.final].stage.title
            yield Violation(message=f"{title} is built, but {last.stage.title} comes after it", span=last.stage.start.head)
        return
    if last.image is not None and lambda_base(last.image, conventions.mirror) is not None:
        return
    needed = subject.resolved.needed(last.stage.index)
    for item in stages[:-1]:
        if item.stage.index not in needed and item.image is not None and lambda_base(item.image, conventions.mirror) is not None:
            if last.image is None:
                yield Inconclusive(
                    reason=f'"{last.stage.origin}" depends on a value that only the build decides', span=last.stage.start.head
                )
                return
            yield Violation(
                message=f"{item.stage.title} is based on a Lambda base image, but {last.stage.title} after it, which is not, is built",
                span=last.stage.start.head,
            )
            return


RULE = Rule(
    id="LIO203",
    name="final-stage-not-last",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The stage of the function's image is not the last one, so that a build needs a target.",
    why=(
        "A build without the target makes another image: sam build and sam local of a CDK app do not pass the target on, and "
        "neither does a plain docker build. DockerBuildTarget of a SAM template is passed on."
    ),
    fix="move the stage to the end of the file",
    bad="FROM public.ecr.aws/lambda/python:3.13 AS runtime\nCOPY app.py ./\n\nFROM python:3.13 AS test\nCOPY . .\nRUN pytest",
    good="FROM python:3.13 AS test\nCOPY . .\nRUN pytest\n\nFROM public.ecr.aws/lambda/python:3.13 AS runtime\nCOPY app.py ./",
    dockerfile=_check,
)
