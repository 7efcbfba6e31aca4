"""Pages of the documentation, as somebody follows them: the files that they show, and their commands with what these print."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.cdk_apps import WITHOUT_TEMPLATE_CHECK
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[1]
PROGRAMS = Path(sys.executable).parent


def page(name: str) -> str:
    """The text of a page below ``docs``."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def files(text: str) -> dict[str, str]:
    """The files that a page shows: each block after ``<!-- file: PATH -->``, by its path."""
    return dict(re.findall(r"^<!-- file: (\S+) -->\n(?:<!-- python: .*? -->\n)*```\w+\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))


def write(text: str, directory: Path) -> None:
    """Write the files that a page shows."""
    for name, content in files(text).items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def follow(text: str, directory: Path, environment: Mapping[str, str] = os.environ) -> None:
    """Write the files of a page and run its commands in the order in which it has them; what it shows of an output has to be all of it."""
    for part in re.split(r"(?=^<!-- file: |^```console\n)", text, flags=re.MULTILINE):
        write(part, directory)
        for words, shown in commands(part):
            if words[0] == "cd":
                directory /= words[1]
                continue
            printed = run(words, directory, environment)
            assert not shown or printed == shown, words


def commands(text: str) -> Iterator[tuple[list[str], str]]:
    """The words of each command of a page, with the variables before it, and what the page shows of its output."""
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        for part in block.removeprefix("$ ").split("\n$ "):
            command, _, shown = part.rstrip("\n").partition("\n")
            yield shlex.split(command), f"{shown}\n" if shown else ""


def run(words: list[str], directory: Path, environment: Mapping[str, str] = os.environ, code: int = 0) -> str:
    """Run a command of a page; gives its standard output, and fails where it ends with another code."""
    variables = {**WITHOUT_TEMPLATE_CHECK, **environment}
    while "=" in words[0]:
        name, _, value = words[0].partition("=")
        variables[name] = value
        words = words[1:]
    argv = [sys.executable, *words[1:]] if words[0] == "python" else list(words)
    argv = [sys.executable, "-m", *argv] if words[0] == "optimizer" else argv
    argv += ["--no-notices"] if words[0] == "cdk" else []
    variables |= {
        "PATH": f"{PROGRAMS}{os.pathsep}{variables.get('PATH', '')}",
        "PYTHONPATH": str(ROOT),
        "CDK_DISABLE_CLI_TELEMETRY": "1",
    }
    done = subprocess.run(argv, cwd=directory, env=variables, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout
