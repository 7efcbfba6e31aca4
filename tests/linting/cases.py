"""What the cases of rules are made of."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field, fields, replace
from typing import Any

from optimizer.dockerfile.instruction import Position, Problem, Span
from optimizer.linting.baseline import Baseline
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Location
from optimizer.linting.subjects import (
    AppSubject,
    DeclarationFault,
    DockerfileSubject,
    FunctionSubject,
    IgnoreFile,
    RepositorySubject,
    Subject,
)
from optimizer.model.function import DeclaredFunction
from optimizer.model.template import TemplateFaultKind

TODAY = datetime.date(2026, 11, 24)
DIGEST = "sha256:" + "0123456789abcdef" * 4
PYTHON = f"public.ecr.aws/lambda/python:3.13@{DIGEST}"
"""An AWS-provided base image of which no rule complains."""


@dataclass(frozen=True)
class Files:
    """A context in memory: text by path."""

    texts: dict[str, str] = field(default_factory=dict)

    def names(self, directory: str = "") -> tuple[str, ...] | None:
        prefix = "" if directory in ("", ".") else f"{directory}/"
        below = [path.removeprefix(prefix) for path in self.texts if path.startswith(prefix)]
        if prefix and not below:
            return None
        return tuple(sorted({path.partition("/")[0] + ("/" if "/" in path else "") for path in below}))

    def read_text(self, path: str) -> str | None:
        return self.texts.get(path)


@dataclass(frozen=True)
class Case:
    """A subject, and the lines on which its rule finds something; 0 is the subject as a whole.

    ``says`` is a part of the first message; ``inconclusive`` counts what the rule
    cannot tell; ``baseline`` is what the run is compared with.
    """

    subject: Subject
    lines: tuple[int, ...] = ()
    says: str = ""
    inconclusive: int = 0
    baseline: Baseline | None = None
    conventions: Conventions = field(default_factory=lambda: Conventions(today=TODAY))


def dockerfile(
    text: str,
    *lines: int,
    says: str = "",
    inconclusive: int = 0,
    files: dict[str, str] | None = None,
    ignore: str | None = None,
    own_ignore: str | None = None,
    conventions: Conventions | None = None,
    **known: object,
) -> Case:
    """A case of a Dockerfile; without files, nothing is known of its context."""
    conventions = conventions or Conventions(today=TODAY)
    # A rule is asked of a function's image, unless the case is about that.
    known.setdefault("for_lambda", True)
    subject = DockerfileSubject.of(
        text,
        mirror=conventions.mirror,
        context=None if files is None else Files(files),
        ignore=None if ignore is None else IgnoreFile(path=".dockerignore", lines=tuple(ignore.splitlines())),
        own_ignore=None if own_ignore is None else IgnoreFile(path="Dockerfile.dockerignore", lines=tuple(own_ignore.splitlines())),
        **known,  # type: ignore[arg-type]
    )
    return Case(subject, lines, says, inconclusive, conventions=conventions)


def on_base(body: str, *lines: int, **known: object) -> Case:
    """A case of a Dockerfile whose first line is a FROM of which no rule complains."""
    return dockerfile(f"FROM {PYTHON}\n{body}", *lines, **known)  # type: ignore[arg-type]


def image(
    text: str, files: dict[str, str] | None = None, *, path: str = "Dockerfile", construct: str = "", **known: Any
) -> DockerfileSubject:
    """A Dockerfile of an app; what ``of`` does not take is set beside it."""
    of = {name: known.pop(name) for name in ("architecture", "target", "arguments", "sam") if name in known}
    subject = DockerfileSubject.of(text, path, construct=construct, context=None if files is None else Files(files), **of)
    return replace(subject, **known)


DECLARED = {field.name for field in fields(DeclaredFunction)}
"""What a function itself sets, beside where it stands and what its image is."""


def function(construct: str = "Shop/Api", **known: Any) -> FunctionSubject:
    """A function of an app, by default of x86_64."""
    file = known.get("dockerfile")
    set_by_it = {name: known.pop(name) for name in sorted(DECLARED & known.keys())}
    known["declared"] = DeclaredFunction(**{"architecture_given": True, **set_by_it})
    if file is not None:
        known["dockerfile"] = replace(file, construct=construct)
    return FunctionSubject(construct=construct, location=Location(path="Shop.template.json", construct=construct), **known)


def app(*functions: FunctionSubject, lines: tuple[int, ...] = (), says: str = "", problem: str = "") -> Case:
    """A case of an app with the functions, and the Dockerfiles that they have."""
    problems = (Problem(problem, Span(Position(3, 1), Position(3, 1))),) if problem else ()
    subject = AppSubject(
        location=Location(path="cdk.out"),
        functions=functions,
        dockerfiles=[item.dockerfile for item in functions if item.dockerfile is not None],
        problems=problems,
    )
    return Case(subject, lines, says)


def declaration(kind: TemplateFaultKind, message: str, *, found: bool = True) -> Case:
    """A case of a template with one faulty declaration, on its third line."""
    fault = DeclarationFault(kind=kind, problem=Problem(message, Span(Position(3, 1), Position(3, 1)), "as SAM takes it"), construct="Api")
    subject = AppSubject(location=Location(path="template.yaml"), faults=(fault,))
    return Case(subject, (3,) if found else (), message)


def repository(*lines: int, says: str = "", inconclusive: int = 0, **known: Any) -> Case:
    """A case of a repository that the app's images go to."""
    subject = RepositorySubject(
        location=Location(path="Shop.template.json", construct="Shop/Images"), **{"receives": True, "name": "shop", **known}
    )
    return Case(subject, lines, says, inconclusive)
