"""optimizer-docker as CDK runs it: a process in the asset's directory, with or without a docker on PATH."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from optimizer.adapters.plan_files import write_plan
from optimizer.publishing.images import PublishImage
from tests import forked

ROOT = Path(__file__).parents[2]
MODULE = "optimizer.docker_program"
PROGRAM = [sys.executable, "-m", MODULE]
# Takes the place of docker: writes down what it gets, and answers with what a file says.
DOCKER = """#!{python}
import json, os, sys
call = [sys.argv[1:], "" if sys.stdin.isatty() else sys.stdin.read(), os.getcwd()]
open({log!r}, "a").write(json.dumps(call) + "\\n")
code, out, err = json.load(open({answers!r})).get(sys.argv[1], [0, "", ""])
sys.stdout.write(out); sys.stderr.write(err)
sys.exit(code)
"""


@dataclass
class Machine:
    """A machine whose PATH has what the test puts there."""

    directory: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.directory / "bin").mkdir()
        self.environment = {
            "PATH": str(self.directory / "bin"),
            "HOME": str(self.directory),
            "XDG_CACHE_HOME": str(self.directory / "cache"),
            "PYTHONPATH": str(ROOT),
            # Compiled once, as an installed package is.
            **({"PYTHONPYCACHEPREFIX": sys.pycache_prefix} if sys.pycache_prefix else {}),
            "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
        }

    def docker(self, name: str = "docker", **answers: tuple[int, str, str]) -> Path:
        """Give the machine a docker, which answers its commands with exit code, stdout and stderr."""
        program = self.directory / "bin" / name
        (self.directory / "answers.json").write_text(json.dumps(answers))
        text = DOCKER.format(python=sys.executable, log=str(self.directory / "log"), answers=str(self.directory / "answers.json"))
        program.write_text(text)
        program.chmod(0o755)
        return program

    def calls(self) -> list[tuple[list[str], str, str]]:
        """What docker got: arguments, standard input, directory."""
        log = self.directory / "log"
        return [tuple(json.loads(line)) for line in log.read_text().splitlines()] if log.exists() else []

    def start(self, *words: str, directory: Path | None = None, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*PROGRAM, *words],
            cwd=directory or self.directory,
            env={**self.environment, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, directory: Path | None = None, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return forked.run(MODULE, *words, cwd=directory or self.directory, env={**self.environment, **environment}, text=text)

    def succeed(self, *words: str, **more: object) -> subprocess.CompletedProcess[str]:
        result = self.run(*words, **more)  # type: ignore[arg-type]
        assert result.returncode == 0, result.stderr
        return result

    @property
    def state(self) -> Path:
        return self.directory / "cache" / "lambda-image-optimizer" / "docker"


def context_of(image: PublishImage) -> Path:
    """The build context of an image as CDK has it: with the plan beside it."""
    write_plan(image.directory, image.kept)
    return image.directory


def build_words(tag: str, **options: str) -> list[str]:
    """The words of CDK's ``build``."""
    return ["build", "--tag", tag, *(word for name, value in options.items() for word in (f"--{name}", value)), "."]
