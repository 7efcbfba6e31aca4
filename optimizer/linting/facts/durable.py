"""Whether an image holds the SDK of durable functions, as far as its lock files tell."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator
from typing import Final

from optimizer.bases.catalogue import base_image
from optimizer.bases.features import DURABLE_SDKS
from optimizer.bases.recognise import LambdaBase
from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.base_image import lambda_base_of
from optimizer.linting.subjects import DockerfileSubject
from optimizer.locks.managers import MANAGERS

_LOCKS: Final = {
    family: (*(name for manager in MANAGERS if manager.ecosystem == family for name in manager.locks), *more)
    for family, more in (("python", ("pylock*.toml", "*.txt")), ("nodejs", ()))
}
"""Patterns of the lock files whose packages are looked at, by the family of the base."""

_MOST_FILES = 50


def durable_sdk(subject: DockerfileSubject, conventions: Conventions) -> str | None:
    """What keeps a durable function from running: the package that no lock of the image names, or empty for one that is there.

    None where no lock file of the image can be seen, or its language has none
    that is read.
    """
    family = _family(subject, conventions)
    package = DURABLE_SDKS.get(family or "")
    if family not in _LOCKS or package is None:
        return None
    named = re.compile(rf"(?<![\w.-]){re.sub('[-_.]', '[-_.]', package)}(?!\w|-(?!\d))", re.IGNORECASE)
    complete, loose = False, False
    for path in _locks(subject, _LOCKS[family]):
        text = subject.context.read_text(path) if subject.context else None
        if text is None:
            return None
        if named.search(text):
            return ""
        # Requirements without hashes may leave out what their packages need.
        whole = not path.endswith(".txt") or "--hash=" in text
        complete = complete or whole
        loose = loose or (not whole and posixpath.basename(path).startswith("requirements"))
    return package if complete and not loose else None


def _family(subject: DockerfileSubject, conventions: Conventions) -> str | None:
    if subject.plan is not None:
        return base_image(subject.plan.runtime).family
    found = lambda_base_of(subject, conventions)
    return found.family if isinstance(found, LambdaBase) else None


def _locks(subject: DockerfileSubject, patterns: tuple[str, ...]) -> Iterator[str]:
    """The paths in the build context of the lock files that stages copy or mount."""
    found: dict[str, None] = {}
    for source in _sources(subject):
        path = posixpath.normpath(source.lstrip("/") or ".")
        names = subject.context.names(path) if subject.context else None
        files = [path] if names is None else [posixpath.normpath(posixpath.join(path, name)) for name in names]
        found.update(dict.fromkeys(file for file in files if any(fnmatch.fnmatch(posixpath.basename(file), item) for item in patterns)))
    yield from list(found)[:_MOST_FILES]


def _sources(subject: DockerfileSubject) -> Iterator[str]:
    for item in subject.needed_stages:
        for instruction in item.stage.instructions:
            for flag in instruction.flags:
                fields = flag.fields() if flag.name == "mount" else {}
                if fields.get("type", "") in ("", "bind") and "from" not in fields and fields:
                    yield fields.get("source") or fields.get("src") or "."
        for _, copy in subject.copies(item):
            yield from (source.value for source in copy.from_context if source.value is not None)
