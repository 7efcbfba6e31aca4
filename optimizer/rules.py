"""What a package with rules of a company imports; nothing else below ``optimizer.linting`` is meant for it.

A name that is here stays through every release of one minor version, and a
change of what it means stands in the changelog before.  How such a package is
made is in docs/lint.md.
"""

from __future__ import annotations

from optimizer.dockerfile.instruction import Dockerfile, Instruction, Position, Problem, Span
from optimizer.dockerfile.scope import ResolvedDockerfile, ResolvedStage
from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.base_image import base_span, has_entrypoint_of_aws, lambda_base_of, last
from optimizer.linting.facts.lambda_signs import runs_on_lambda
from optimizer.linting.finding import Edit, Fix, Inconclusive, Location, Severity, Verdict, Violation
from optimizer.linting.rule import Family, Rule
from optimizer.linting.rules import RULES
from optimizer.linting.subjects import (
    AppSubject,
    DockerfileSubject,
    FunctionSubject,
    IgnoreFile,
    ImageSubject,
    RepositorySubject,
)
from optimizer.model.function import DeclaredFunction

__all__ = [
    "RULES",
    "AppSubject",
    "Conventions",
    "DeclaredFunction",
    "Dockerfile",
    "DockerfileSubject",
    "Edit",
    "Family",
    "Fix",
    "FunctionSubject",
    "IgnoreFile",
    "ImageSubject",
    "Inconclusive",
    "Instruction",
    "Location",
    "Position",
    "Problem",
    "RepositorySubject",
    "ResolvedDockerfile",
    "ResolvedStage",
    "Rule",
    "Severity",
    "Span",
    "Verdict",
    "Violation",
    "base_span",
    "has_entrypoint_of_aws",
    "lambda_base_of",
    "last",
    "runs_on_lambda",
]
