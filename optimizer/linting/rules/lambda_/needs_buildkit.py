"""LIO687: a Dockerfile needs BuildKit, and SAM builds without it."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.dockerfile.instruction import Span
from optimizer.dockerfile.scope import AUTOMATIC, ResolvedStage
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import AppSubject, DockerfileSubject
from optimizer.linting.violations import declared
from optimizer.model.template import SamBuilder, TemplateFaultKind

_WITHOUT_EFFECT = {"parents", "exclude", "checksum", "keep-git-dir", "unpack"}
"""Flags of COPY and ADD that change what is copied, and that the classic builder reads and forgets; --link changes nothing in the image."""


def _check_dockerfile(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    if subject.sam is not SamBuilder.CLASSIC or subject.final is None:
        return
    found: dict[str, list[Span]] = {}
    # The classic builder runs every stage up to the one that is built.
    for item in subject.resolved.stages[: subject.final + 1]:
        for message, span in _needs(item):
            found.setdefault(message, []).append(span)
    for message, spans in found.items():
        more = f"; the same holds for {len(spans) - 1} more" if len(spans) > 1 else ""
        yield Violation(message=f"{message}{more}", span=spans[0])


def _check_app(subject: AppSubject, conventions: Conventions) -> Iterator[Verdict]:
    yield from declared(subject, TemplateFaultKind.NEEDS_BUILDKIT)


def _needs(item: ResolvedStage) -> Iterator[tuple[str, Span]]:
    """What of a stage the classic builder does not do, and where it stands."""
    platform = item.stage.start.flag("platform")
    if platform is not None and item.platform == "":
        yield f"--platform={platform.value} is empty for SAM's default builder, which fails", item.stage.start.at(platform)
    for instruction, values in zip(item.stage.instructions, item.expanded, strict=True):
        if instruction.keyword == "RUN":
            if instruction.heredocs:
                yield (
                    "the here-document is empty for SAM's default builder: what stands in it does not run, and the build succeeds",
                    instruction.head,
                )
            for flag in instruction.flags:
                yield f"SAM's default builder fails at RUN --{flag.name}", instruction.at(flag)
        elif instruction.keyword in ("COPY", "ADD"):
            if instruction.heredocs:
                yield f"SAM's default builder fails at {instruction.keyword} with a here-document", instruction.head
            for flag in instruction.flags:
                if flag.name == "chmod":
                    yield f"SAM's default builder fails at {instruction.keyword} --chmod", instruction.at(flag)
                elif flag.name in _WITHOUT_EFFECT:
                    yield f"{instruction.keyword} --{flag.name} has no effect for SAM's default builder", instruction.at(flag)
        elif instruction.keyword == "ARG":
            for (name, raw, word), value in zip(instruction.pairs(), values, strict=True):
                if name in AUTOMATIC and not raw and value == "":
                    yield f"{name} is empty for SAM's default builder", instruction.at(word)


RULE = Rule(
    id="LIO687",
    name="needs-buildkit",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The Dockerfile of a SAM template needs BuildKit, and SAM builds it without.",
    why=(
        "SAM CLI (1.170.0) asks the engine for its classic builder unless use_buildkit is set. That builder fails at --mount, --chmod and "
        "$BUILDPLATFORM; it runs nothing of a here-document, sets no TARGETARCH, and leaves --checksum, --exclude and --parents out, and then "
        "the build succeeds. Generated Dockerfiles need BuildKit too, but for those of the classic profile. sam sync and sam local have no "
        "such setting, so build with sam build before them."
    ),
    fix="write use_buildkit = true under [default.build.parameters] of samconfig.toml (SAM CLI 1.156.0 or newer)",
    bad="FROM public.ecr.aws/lambda/python:3.13\nRUN <<EOF\npython -m compileall .\nEOF",
    good="[default.build.parameters]\nuse_buildkit = true",
    example="text",
    dockerfile=_check_dockerfile,
    app=_check_app,
)
