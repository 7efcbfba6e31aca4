"""Leaving out of a tree of packages what a function does not need, on request.

The scripts are files beside this module, in the languages of the images that
run them; docs/slimming.md defines what each word means.
"""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.builders.docker.actions import NOTES, Run, Script
from optimizer.builders.docker.script_files import tree_script

_PURPOSE = "Leaves out of the packages what the specification names, and writes down what that saved."


def slimmed(language: str, words: Sequence[str], notes: str = NOTES) -> tuple[Script, ...]:
    """The script that leaves out what the words name, and reports to the directory of notes; none without words.

    It runs before byte-code is made, so that none is made of what goes.
    """
    return (_script(language, tuple(words), notes),) if words else ()


def remembered(language: str, words: Sequence[str]) -> tuple[Run, ...]:
    """The run that lists the base's own Python packages, where the words ask for them.

    Installers land in the same directory as the base's packages, and are not in
    the final image; so it comes before them.
    """
    return (Run(commands=(_script(language, ("remember",), NOTES),)),) if "base-packages" in words else ()


def _script(language: str, words: tuple[str, ...], notes: str) -> Script:
    name = {"python": "slim_python.py", "nodejs": "slim_nodejs.js"}[language]
    return tree_script(name, _PURPOSE, (notes, *words))
