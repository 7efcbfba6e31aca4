"""Variables in words of a command."""

from __future__ import annotations

import re
from collections.abc import Iterable

_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)\}|(?P<bare>\w+))")
"""A variable as Pipfile.lock names one: ``$NAME`` or ``${NAME}``."""


def variables_of(words: Iterable[str]) -> tuple[str, ...]:
    """The variables that the words name, sorted."""
    return tuple(sorted({match["braced"] or match["bare"] for word in words for match in _VARIABLE.finditer(word)}))
