"""LIO803: a RUN, or a here-document, has a secret in its text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from optimizer.dockerfile.instruction import SourceText
from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.secrets import KEYS
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject
from optimizer.model.secrecy import SECRET_NAME

_HEADER = re.compile(r"authorization:[ \t]*(?:basic|bearer|token)[ \t]+(?![$<{])[\w.~+/=-]{8,}", re.IGNORECASE)
_AUTH_TOKEN = re.compile(r":_(?:authToken|password)[= ][\"']?(?![$\"'<{])[^\s\"'&|;]{8,}")
_URL = re.compile(r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*://[^/\s:@$\"']*:(?![$<{])[^/\s@$\"']+@", re.IGNORECASE)
_ASSIGNMENT = re.compile(r"(?<![\w$.{-])(?P<name>[A-Za-z_]\w*)=(?P<quote>[\"']?)(?P<value>[^\s\"'`;&|$<>()/]{6,200})(?=[\s\"';&|)]|$)")
_DUMMY = re.compile(
    r".*(?:change|dummy|example|fake|false|ignore|none|null|not[-_]?|placeholder|secret|test|todo|true|unused|xxx).*|(.)\1*", re.IGNORECASE
)


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for item in subject.needed_stages:
        for instruction in item.stage.instructions:
            if instruction.keyword == "RUN":
                yield from _in_text(instruction.source)
            for heredoc in instruction.heredocs:
                yield from _in_text(heredoc.body)


def _in_text(source: SourceText) -> Iterator[Verdict]:
    for pattern, what in (
        (_HEADER, "a header with a token"),
        (_AUTH_TOKEN, "a token of a registry"),
        (_URL, "a URL with a password"),
        (KEYS, "a key"),
    ):
        match = pattern.search(source.text)
        if match:
            yield Violation(message=f"the text holds {what}", span=source.span(match.start(), match.end()))
    for match in _ASSIGNMENT.finditer(source.text):
        if SECRET_NAME.search(match["name"]) and not _DUMMY.fullmatch(match["value"]):
            yield Violation(message=f'the text holds the value of "{match["name"]}"', span=source.span(match.start(), match.end("value")))
            break


RULE = Rule(
    id="LIO803",
    name="secret-in-command",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The text of a RUN or of a here-document holds a secret.",
    why="It stays in version control, in the image's history and in the logs of every build.",
    fix="give the build the secret with RUN --mount=type=secret, and revoke the one that was published",
    fix_in_spec="give the step a BuildSecret, and revoke the one that was published",
    bad="RUN curl -H 'Authorization: Bearer 0123456789abcdef' https://example.com/model.onnx -o /opt/model.onnx",
    good='RUN --mount=type=secret,id=token,env=TOKEN curl -H "Authorization: Bearer $TOKEN" https://example.com/model.onnx -o /opt/model.onnx',
    dockerfile=_check,
)
