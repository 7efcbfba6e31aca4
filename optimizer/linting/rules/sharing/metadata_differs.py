"""LIO904: SAM builds one image several times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import AppSubject, FunctionSubject


def _check(subject: AppSubject, conventions: Conventions) -> Iterator[Verdict]:
    images: dict[str, list[FunctionSubject]] = {}
    for function in subject.functions:
        if function.image and function.metadata:
            images.setdefault(function.image, []).append(function)
    for functions in images.values():
        texts = Counter(function.metadata for function in functions)
        common = min(texts, key=lambda text: (-texts[text], text))
        first = next(function for function in functions if function.metadata == common)
        for function in functions:
            if function.metadata != common:
                yield Violation(
                    message=f"the image is that of {first.construct}, and is built again, because the Metadata differs",
                    path=function.location.path,
                    span=function.location.span,
                    construct=function.construct,
                )


RULE = Rule(
    id="LIO904",
    name="metadata-differs",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="Functions of a SAM template share a Dockerfile, and their Metadata is not the same text.",
    why=(
        "SAM builds an image once for functions whose Metadata is equal, key by key; another tag, or another way to write the path "
        "of the Dockerfile, is another build. Of a context, ./api and api/ are the same."
    ),
    fix="give the functions the same Metadata, for example by a YAML anchor of the Metadata; SAM takes resources that share one for one function",
    bad=(
        "Get:\n  Metadata: {Dockerfile: Dockerfile, DockerContext: ./api, DockerTag: get}\n"
        "Put:\n  Metadata: {Dockerfile: Dockerfile, DockerContext: ./api, DockerTag: put}"
    ),
    good=(
        "Get:\n  Metadata: {Dockerfile: Dockerfile, DockerContext: ./api, DockerTag: api}\n"
        "Put:\n  Metadata: {Dockerfile: Dockerfile, DockerContext: ./api, DockerTag: api}"
    ),
    example="yaml",
    app=_check,
)
