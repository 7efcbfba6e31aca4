"""Leaving out of a tree of packages what a function does not need, on request.

The scripts are files beside this module, in the languages of the images that
run them; docs/slimming.md defines what each word means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from optimizer.model.plan import NOTES, Run, TreeScript
from optimizer.toolchains.toolchain import Target

_PURPOSE = "Leaves out of the packages what the specification names, and writes down what that saved."


def slimmed(target: Target, words: Sequence[str]) -> tuple[TreeScript, ...]:
    """The script that leaves out what the words name; none without words.

    It runs before byte-code is made, so that none is made of what goes.
    """
    return (_script(target.base.family, tuple(words)),) if words else ()


def remembered(target: Target, words: Sequence[str]) -> tuple[Run, ...]:
    """The run that lists the base's own Python packages, where the words ask for them.

    Installers land in the same directory as the base's packages, and are not in
    the final image; so it comes before them.
    """
    return (Run(commands=(_script(target.base.family, ("remember",)),)),) if "base-packages" in words else ()


def tree_script(name: str, purpose: str, arguments: tuple[str, ...]) -> TreeScript:
    """The script of a file in ``scripts``, which is run by the language of its suffix."""
    text, interpreter = _read(name)
    return TreeScript(name=name.partition(".")[0].upper(), purpose=purpose, interpreter=interpreter, script=text, arguments=arguments)


def _script(family: str, words: tuple[str, ...]) -> TreeScript:
    name = {"python": "slim_python.py", "nodejs": "slim_nodejs.js"}[family]
    return tree_script(name, _PURPOSE, (NOTES, *words))


@cache
def _read(name: str) -> tuple[str, tuple[str, ...]]:
    interpreter, comment = {"py": (("python", "-c"), "#"), "js": (("node", "-e"), "//")}[name.rpartition(".")[2]]
    text = files(__package__).joinpath("scripts").joinpath(name).read_text(encoding="utf-8")
    # A Dockerfile would take a line that starts with # for its own comment.
    return "\n".join(line for line in text.splitlines() if not re.match(rf"\s*(?:{comment}|$)", line)), interpreter
