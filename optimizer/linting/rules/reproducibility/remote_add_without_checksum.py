"""LIO402: ADD fetches a URL, and nobody says what must come."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for item in subject.needed_stages:
        for _, copy in subject.copies(item):
            if copy.instruction.keyword == "ADD" and copy.instruction.flag("checksum") is None:
                for source in copy.sources:
                    if source.remote:
                        yield Violation(message=f'"{source.value}" is fetched without a checksum', span=source.span)
                    elif source.of_git and not source.of_commit:
                        yield Violation(
                            message=f'"{source.value}" is fetched from a branch or a tag, which can move',
                            span=source.span,
                            hint="name the commit by its whole hash: <repository>#<commit>",
                        )


RULE = Rule(
    id="LIO402",
    name="remote-add-without-checksum",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="ADD fetches a URL without a checksum, or a repository without a commit.",
    why="What the URL gives can change, by a release or by an attacker; the layer then differs, or holds files that nobody has reviewed.",
    fix="add --checksum=sha256:<digest>",
    bad="ADD https://example.com/tool.tar.gz /opt/",
    good="ADD --checksum=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef https://example.com/tool.tar.gz /opt/",
    dockerfile=_check,
)
