"""LIO406: a copy into the final image takes times of the machine that builds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from optimizer.dockerfile.copies import Copy
from optimizer.dockerfile.scope import absolute
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

# What ADD unpacks: https://docs.docker.com/reference/dockerfile/#adding-local-tar-archives
_ARCHIVE = re.compile(r"\.(?:tar(?:\.(?:gz|bz2|xz|zst))?|tgz|tbz2?|txz)$")


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    found = [
        violation
        for item in subject.final_stages
        for index, copy in subject.copies(item)
        if (violation := _judged(copy, item.workdirs[index]))
    ]
    # One finding is enough: what is to be done is one change of the whole file.
    if found:
        others = f"; the same holds for {len(found) - 1} more" if len(found) > 1 else ""
        yield Violation(message=found[0].message + others, span=found[0].span)


def _judged(copy: Copy, workdir: str | None) -> Violation | None:
    head = copy.instruction.head
    target = absolute(copy.target, workdir) if copy.target is not None else None
    if copy.from_context:
        if target == "/" and _unpacks(copy):
            return None
        return Violation(message="copied files keep the times that they have on the machine that builds", span=head)
    if copy.origin is not None and target is not None and target != "/":
        return Violation(message=f'the directories above "{copy.target}" get the time of the build, or that of the base image', span=head)
    return None


def _unpacks(copy: Copy) -> bool:
    """Whether all of it is archives of the context, which bring times of their own."""
    return copy.instruction.keyword == "ADD" and all(source.value is not None and _ARCHIVE.search(source.value) for source in copy.sources)


RULE = Rule(
    id="LIO406",
    name="times-of-the-machine",
    severity=Severity.INFO,
    since="0.1.0",
    summary="A copy into the final image takes times of the machine that builds.",
    why=(
        "A layer holds the modification time of every file, and of the directories above it. A checkout gives files the time of the checkout, "
        "and a copy gives the directories that of the build or of the base image: the same sources make another layer on every machine and "
        "with every new base."
    ),
    fix=(
        "make the whole tree below one directory of an earlier stage, give every entry one time there, and copy it to the root: "
        "COPY --from=<stage> /layer/ /; or unpack an archive whose entries, directories too, have constant times: ADD layer.tar /"
    ),
    bad="FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ${LAMBDA_TASK_ROOT}/",
    good=(
        "FROM public.ecr.aws/lambda/python:3.13 AS code\nCOPY app.py /layer/var/task/\n"
        "RUN touch -d @499162500 /layer /layer/var /layer/var/task /layer/var/task/app.py\n\n"
        "FROM public.ecr.aws/lambda/python:3.13\nCOPY --from=code /layer/ /"
    ),
    dockerfile=_check,
)
