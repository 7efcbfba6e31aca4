"""Running the scripts of stages outside of a build."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from optimizer.builders.docker.actions import Script


def argv(script: Script, *arguments: str | os.PathLike[str]) -> list[str]:
    """The command that runs a script as a stage does, from a file, with other arguments than the stage's."""
    file = Path(tempfile.mkdtemp()) / script.name
    file.write_text(script.text, encoding="utf-8")
    # The interpreters of the environment that the tests run in, whatever the path of the process.
    known = {"python": sys.executable, "node": str(Path(sys.executable).with_name("node"))}
    interpreter = [known.get(word, word) for word in script.interpreter]
    return [*interpreter, str(file), *map(os.fspath, arguments)]
