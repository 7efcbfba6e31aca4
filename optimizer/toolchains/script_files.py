"""The texts of scripts that are files of this package, as a Dockerfile can hold them."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files


@cache
def script_text(name: str, comment: str = "#", package: str = "optimizer.toolchains", folder: str = "scripts") -> str:
    """The script without blank lines and whole-line comments: a Dockerfile would take a line that starts with # for its own comment."""
    text = files(package).joinpath(folder).joinpath(name).read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not re.match(rf"\s*(?:{re.escape(comment)}|$)", line))
