"""LIO663: the function's user cannot read what it needs."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import ImageSubject
from optimizer.linting.violations import in_image


def _check(subject: ImageSubject, conventions: Conventions) -> Iterator[Verdict]:
    entries = subject.analysis.unreadable
    if entries:
        # Imported here, because most runs have no image.
        from optimizer.images.analysis import LAMBDA_PLACES
        from optimizer.images.overlay import sample_of

        noun = "path" if len(entries) == 1 else "paths"
        places = ", ".join("/" + place for place in LAMBDA_PLACES)
        paths = sample_of(f"{entry.path} ({entry.mode:04o})" for entry in entries)
        yield in_image(f"{places} hold {len(entries)} {noun} that Lambda's unprivileged user cannot read", paths)


RULE = Rule(
    id="LIO663",
    name="file-unreadable",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="Files below /opt, /var/runtime or /var/task cannot be read by everyone.",
    why=(
        "Lambda runs every function as an unprivileged user of its own, which is neither the owner of a file nor in its group: reading fails "
        "with EACCES."
    ),
    fix="set the modes in the build stage: files to 0644 or 0755, directories to 0755",
    bad="$ umask 077 && cp app.py build/\n$ docker build --tag $IMAGE .",
    good="$ chmod -R u=rwX,go=rX build\n$ docker build --tag $IMAGE .",
    example="console",
    image=_check,
)
