"""Scripts that are files of this package, as files of the build context that stages run.

They are mounted where they run, so that a RUN is a line that a person reads,
in the Dockerfile and in the log of the build.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from optimizer.builders.docker.actions import Script
from optimizer.model.plan import TREE

_LANGUAGES = {
    "py": (("python",), "#"),
    "js": (("node",), "//"),
    "rb": (("ruby",), "#"),
    "sh": (("sh",), "#"),
    "java": ((), "//"),
    "gradle": ((), "//"),
}
"""By the suffix of the file: what runs the script, and what starts a comment."""


def script(name: str, purpose: str, arguments: Sequence[str] = (), *, interpreter: Sequence[str] = (), before: str = "") -> Script:
    """The script of a file in ``scripts``, under its purpose; by default the language of its suffix runs it.

    The lines of ``before`` come before its own.
    """
    own, comment = _LANGUAGES[name.rpartition(".")[2]]
    text = f"{comment} {purpose}\n{before}{script_text(name, comment)}\n"
    return Script(name=name, text=text, interpreter=tuple(interpreter or own), arguments=tuple(arguments))


def tree_script(name: str, purpose: str, arguments: Sequence[str] = (), *, interpreter: Sequence[str] = (), before: str = "") -> Script:
    """A script whose first argument is the tree."""
    return script(name, purpose, (TREE, *arguments), interpreter=interpreter, before=before)


@cache
def script_text(name: str, comment: str = "#", package: str = "optimizer.builders.docker", folder: str = "scripts") -> str:
    """The script without blank lines and whole-line comments, which would make another asset of the same image when they change."""
    text = files(package).joinpath(folder).joinpath(name).read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not re.match(rf"\s*(?:{re.escape(comment)}|$)", line))
