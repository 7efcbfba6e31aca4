"""Names of images for people."""

from __future__ import annotations

import re
from collections.abc import Sequence

from optimizer.errors import SpecError
from optimizer.model.reference import ImageReference
from optimizer.model.text import printable

SHORT = 12
"""Digits of a digest or a key that people compare."""

_LONG_DIGITS = re.compile(r"[0-9a-f]{32,}")


def short_name(name: str) -> str:
    """An image's name without what is long and alike in all of an app: registry, folders of the repository, most digits.

    What is no reference to a registry, such as a path, only loses digits.
    """
    short = name
    try:
        reference = ImageReference.parse(name)
    except SpecError:
        pass
    else:
        last = reference.repository.rpartition("/")[2]
        # A tag says more than the digest that it had.
        end = f":{reference.tag}" if reference.tag else f"@{reference.digest.removeprefix('sha256:')}" if reference.digest else ""
        short = f"{last}{end}"
    return printable(short_digits(short))


def short_digits(text: str) -> str:
    """The text with digests and the like of so many digits as people compare."""
    return _LONG_DIGITS.sub(lambda found: found[0][:SHORT], text)


def are_told_apart(names: Sequence[str]) -> bool:
    """Whether the short names of all that differ differ."""
    return len(set(map(short_name, names))) == len(set(names))
