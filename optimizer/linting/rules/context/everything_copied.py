"""LIO501: the whole context is copied, and nothing is left out of it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from optimizer.dockerfile.instruction import Position, Span
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Edit, Fix, Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject, IgnoreFile
from optimizer.model.directories import CACHES, OUTPUTS, VERSION_CONTROL

_NEVER_NEEDED = (*VERSION_CONTROL, ".venv", *(f"**/{name}" for name in CACHES), *OUTPUTS)
"""What tools make beside the sources. Directories that an image may need, such as node_modules, are left to the user."""


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    # The context of a planned image holds what its specification names, and nothing has to be left out.
    if subject.planned:
        return
    ignore = subject.ignore_used
    if ignore is not None and any(line.strip() and not line.lstrip().startswith(("#", "!")) for line in ignore.lines):
        return
    for item in subject.needed_stages:
        for _, copy in subject.copies(item):
            for source in copy.from_context:
                if source.everything and subject.context is None:
                    yield Inconclusive(reason="the build context is not known", span=source.span)
                elif source.everything:
                    state = f'"{ignore.path}" leaves nothing out' if ignore else "there is no .dockerignore"
                    yield Violation(
                        message=f"the whole build context is copied, and {state}", span=source.span, fix=_ignoring(subject, ignore)
                    )


def _ignoring(subject: DockerfileSubject, ignore: IgnoreFile | None) -> Fix | None:
    """Entries for what no function needs at run time; None where it is unknown which ignore file counts."""
    if ignore is None and (subject.construct or not subject.inside_context):
        return None
    path = ignore.path if ignore else posixpath.join(posixpath.dirname(subject.path), ".dockerignore")
    entries = "\n".join(_NEVER_NEEDED)
    place, text = Position(1, 1), f"{entries}\n"
    if ignore and ignore.lines:
        last = ignore.lines[-1]
        place, text = Position(len(ignore.lines), len(last) + 1), f"\n{entries}" if last else entries
    edit = Edit(path=path, span=Span(place, place), text=text)
    return Fix(title=f"leave out of {path} what no function needs" if ignore else f"write {path}", edits=(edit,))


RULE = Rule(
    id="LIO501",
    name="everything-copied",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The whole build context is copied, without an ignore file that leaves anything out.",
    why=(
        "Version control, virtual environments, tests and credentials reach the image, and every change of any file builds and deploys the "
        "function again."
    ),
    fix="name what the function needs, or leave the rest out in .dockerignore",
    bad="COPY . ${LAMBDA_TASK_ROOT}/",
    good="COPY app.py shop/ ${LAMBDA_TASK_ROOT}/",
    dockerfile=_check,
)
