"""Whether anything shows that Lambda runs the image of a Dockerfile."""

from __future__ import annotations

import re

from optimizer.bases.recognise import LambdaBase
from optimizer.dockerfile.instruction import Instruction
from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.base_image import lambda_base_of, last
from optimizer.linting.subjects import DockerfileSubject

_WORDS = re.compile(r"lambda|/var/task|/var/runtime|/opt/extensions", re.IGNORECASE)
"""What images for Lambda name: its variables, clients, adapters, directories, and base images of any registry."""

_CLIENTS = re.compile(r"aws[-_]?lambda|lambda[-_]runtime|amazon\.lambda|lambda_http", re.IGNORECASE)
"""Packages with which a program asks Lambda for invocations, in manifests of every language."""

_MANIFESTS = re.compile(
    r"requirements.*\.txt|pyproject\.toml|Pipfile|package\.json|Gemfile|pom\.xml|build\.gradle(?:\.kts)?|go\.mod|Cargo\.toml|.*\.csproj"
)
_MOST_MANIFESTS = 20
_HANDLER = re.compile(r"[\w./-]+\.(?!(?:bash|cjs|dll|exe|jar|js|mjs|php|pl|py|rb|sh|ts)$)[A-Za-z_]\w*|[\w.$]+::[\w.$:]+")
"""What AWS's entrypoint takes, such as ``app.handler`` and ``com.example.Api::handle``, and no server does."""


def runs_on_lambda(subject: DockerfileSubject, conventions: Conventions) -> bool:
    """Whether a function runs the image, or anything in the file or beside it shows that one does."""
    if subject.for_lambda is not None:
        return subject.for_lambda
    if subject.construct or subject.planned or isinstance(lambda_base_of(subject, conventions), LambdaBase):
        return True
    return _in_file(subject) or _names_handler(subject) or _in_context(subject)


def _in_file(subject: DockerfileSubject) -> bool:
    # A comment may well say what the image is not for.
    return _WORDS.search(subject.dockerfile.text) is not None and any(map(_names_lambda, subject.dockerfile.instructions))


def _names_lambda(instruction: Instruction) -> bool:
    return _WORDS.search(instruction.source.text) is not None or any(_WORDS.search(item.body.text) for item in instruction.heredocs)


def _names_handler(subject: DockerfileSubject) -> bool:
    command = last(subject, "CMD")
    if command is None or command.json is None or last(subject, "ENTRYPOINT") is not None:
        return False
    return len(command.json) == 1 and _HANDLER.fullmatch(command.json[0]) is not None


def _in_context(subject: DockerfileSubject) -> bool:
    if subject.context is None:
        return False
    names = [name for name in subject.context.names() or () if _MANIFESTS.fullmatch(name)]
    return any(_CLIENTS.search(subject.context.read_text(name) or "") for name in names[:_MOST_MANIFESTS])
