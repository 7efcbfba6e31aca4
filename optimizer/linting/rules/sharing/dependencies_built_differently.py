"""LIO902: the same dependencies are installed in different ways."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator

from optimizer.dockerfile.copies import copies
from optimizer.dockerfile.installs import install_of
from optimizer.dockerfile.instruction import Span
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import AppSubject, DockerfileSubject

_What = tuple[str, tuple[str, ...]]
_Way = tuple[str, str, str]


def _check(subject: AppSubject, conventions: Conventions) -> Iterator[Verdict]:
    found: dict[_What, list[tuple[_Way, DockerfileSubject, Span]]] = {}
    for file in subject.dockerfiles:
        for what, way, span in _installs(file):
            found.setdefault(what, []).append((way, file, span))
    for (ecosystem, _), uses in found.items():
        ways = Counter(way for way, _, _ in uses)
        if len(ways) < 2:
            continue
        common = min(ways, key=lambda way: (-ways[way], way))
        other = next(file for way, file, _ in uses if way == common)
        for way, file, span in uses:
            if way != common:
                parts = ("another base image", "other copies before it", "another command")
                differs = " and ".join(part for part, mine, theirs in zip(parts, way, common, strict=True) if mine != theirs)
                yield Violation(
                    message=f'"{other.shown}" installs the same {ecosystem} dependencies with {differs}',
                    path=file.path,
                    construct=file.construct,
                    span=span,
                )


def _installs(subject: DockerfileSubject) -> Iterator[tuple[_What, _Way, Span]]:
    """What each stage installs first, by the texts of its manifests, and how."""
    if subject.context is None:
        return
    for stage in subject.needed_stages:
        copied = dict(copies(stage))
        texts: dict[str, set[str]] = {}
        before: list[str] = []
        for index, instruction in enumerate(stage.stage.instructions):
            if index in copied:
                copy = copied[index]
                before.append(f"{instruction.keyword} {instruction.arguments}")
                for source in copy.from_context:
                    if source.value is not None:
                        text = subject.context.read_text(posixpath.normpath(source.value.lstrip("/")))
                        for ecosystem in ("python", "nodejs", "ruby", "go", "rust"):
                            if text is not None and source.manifest_of(ecosystem):
                                texts.setdefault(ecosystem, set()).add(text)
                continue
            if instruction.keyword != "RUN":
                continue
            for command in subject.commands(instruction):
                install = install_of(command)
                if install is not None and install.ecosystem in texts:
                    what = (install.ecosystem, tuple(sorted(texts.pop(install.ecosystem))))
                    yield what, (stage.image or "", "\n".join(before), instruction.arguments), instruction.head


RULE = Rule(
    id="LIO902",
    name="dependencies-built-differently",
    severity=Severity.INFO,
    since="0.1.0",
    summary="Images of one app install the same dependencies in different ways.",
    why=(
        "Layers are shared when they have the same bytes. The same requirements on another base, after other copies, or with other options "
        "make another layer, which is built, stored and pulled again."
    ),
    fix="install in the same way everywhere: same base, same copies before it, same command",
    bad="orders/Dockerfile: RUN pip install -r requirements.txt\nstock/Dockerfile:  RUN pip install --no-cache-dir -r requirements.txt",
    good="orders/Dockerfile: RUN pip install -r requirements.txt\nstock/Dockerfile:  RUN pip install -r requirements.txt",
    example="text",
    app=_check,
)
