"""A proposed spec is built, and its image answers as the one of the hand-written Dockerfile does."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from optimizer import ImageSpec, Lock
from optimizer.bases.mirror import Mirror
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.planning.plan import plan
from optimizer.project.files import Project
from tests.engine import services

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "tests" / "linting" / "corpus"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A Dockerfile of the corpus with a tree, an event, and its answer."""

    dockerfile: str
    files: dict[str, str]
    handler: str
    event: Any
    answer: Any


CASES = {
    # What sam init writes for Python: dependencies and code.
    "python": Case(
        dockerfile="sam-python-3.13",
        files={
            "app.py": "import idna\n\n\ndef lambda_handler(event, context):\n    return idna.encode(event).decode()\n",
            "requirements.txt": "idna==3.10\n",
        },
        handler="app.lambda_handler",
        event="bücher.example",
        answer="xn--bcher-kva.example",
    ),
    # AWS's guide for TypeScript: a stage that runs what is unknown, so it becomes a command step.
    "command": Case(
        dockerfile="aws-typescript",
        files={
            "index.ts": "exports.handler = async (event) => event.map((number) => number * 2);\n",
            "package.json": '{"name": "app", "scripts": {"build": "mkdir dist && cp index.ts dist/index.js"}}\n',
        },
        handler="index.handler",
        event=[1, 2],
        answer=[2, 4],
    ),
}


def run(*argv: str, cwd: Path | None = None) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=600, check=False, env=environment)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout.strip()


@pytest.mark.parametrize("name", CASES)
def test_the_image_of_a_proposal_answers_as_the_hand_written_one(name: str, registry: str, tmp_path: Path) -> None:
    case = CASES[name]
    project = tmp_path / "app"
    project.mkdir()
    for path, text in case.files.items():
        (project / path).write_text(text)
    text = (CORPUS / case.dockerfile / "Dockerfile").read_text(encoding="utf-8")
    (project / "Dockerfile").write_text(text)
    (tmp_path / "by-hand").write_text(text.replace("public.ecr.aws", registry))
    by_hand = run("docker", "build", "--quiet", "--platform", "linux/amd64", "--file", str(tmp_path / "by-hand"), str(project))
    run(sys.executable, "-m", "optimizer", "init", "--from", "Dockerfile", cwd=project)
    run(sys.executable, "-m", "optimizer", "pin", "--mirror", registry, cwd=project)
    lock = Lock.parse((project / "optimizer.lock").read_text(encoding="utf-8"))
    files = Project(project)
    context = build_context(plan(ImageSpec.load(project / "app.image.toml"), lock, files, mirror=Mirror.parse(registry)), files)
    directory = stage_context(context, files, tmp_path / "contexts")
    proposed = run("docker", "build", "--quiet", "--platform", context.platform, str(directory))
    answers = [services.invoke(image, case.handler, case.event) for image in (by_hand, proposed)]
    assert answers == [case.answer, case.answer]
