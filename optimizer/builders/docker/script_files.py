"""Scripts that are files of this package, as stages run them."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from optimizer.builders.docker.actions import TreeScript

_LANGUAGES = {"py": (("python", "-c"), "#"), "js": (("node", "-e"), "//")}
"""By the suffix of the file: what runs the script, and what starts a comment."""


def tree_script(name: str, purpose: str, arguments: tuple[str, ...] = (), *, before: str = "") -> TreeScript:
    """The script of a file in ``scripts``, run by the language of its suffix; the lines of ``before`` come first."""
    interpreter, comment = _LANGUAGES[name.rpartition(".")[2]]
    script = before + script_text(name, comment)
    return TreeScript(name=name.partition(".")[0].upper(), purpose=purpose, interpreter=interpreter, script=script, arguments=arguments)


@cache
def script_text(name: str, comment: str = "#", package: str = "optimizer.builders.docker", folder: str = "scripts") -> str:
    """The script without blank lines and whole-line comments: a Dockerfile would take a line that starts with # for its own comment."""
    text = files(package).joinpath(folder).joinpath(name).read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not re.match(rf"\s*(?:{re.escape(comment)}|$)", line))
