"""A step kind that the project does not know, as docs/step-kinds.md has it, goes the whole way."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "step-kinds.md"
# In a process of its own, because a registered kind stays for the life of one.
PROGRAM = """
import datetime, json, sys
from dataclasses import replace
from pathlib import Path
from optimizer import Command, ImageSpec, Lock, SourceCode, render
from optimizer.adapters.plan_files import read_plan, write_plan
from optimizer.bases.lock import LockedImage
from optimizer.builders.docker.context import build_context, context_entries
from optimizer.builders.docker.kept import kept_plan
from optimizer.errors import SpecError
from optimizer.linting.conventions import Conventions
from optimizer.linting.engine import lint
from optimizer.linting.finding import Location
from optimizer.linting.subjects import DockerfileSubject
from optimizer.planning.plan import plan, required_images
from optimizer.project.files import Project

spec = ImageSpec.from_dict({"runtime": "python3.13", "steps": [
    {"kind": "source-code", "source": "app", "name": "code", "stability": "monthly"},
    {"kind": "protobuf-stubs", "source": "proto"},
    {"kind": "command", "run": [["true"]], "name": "check", "after": ["protobuf-stubs-proto"]},
]})
images = required_images(spec)
lock = Lock().with_images([LockedImage(reference=item, digest="sha256:" + "5" * 64, resolved=datetime.date(2026, 11, 1)) for item in images])
project = Project(sys.argv[1])
made = plan(spec, lock, project)
context = build_context(made, project)
kept = kept_plan(made, context, project)
write_plan(Path(sys.argv[2]), kept)
again = read_plan(Path(sys.argv[2] + ".plan.json"))
subject = replace(DockerfileSubject.of(context.dockerfile, arguments={}), plan=again.plan, place=Location(construct="Shop/Api"))
report = lint([subject], Conventions(today=datetime.date(2026, 11, 2)))
try:
    plan(ImageSpec(runtime="python3.13", steps=[ProtobufStubs("nowhere")]), lock, project)
    refused = []
except SpecError as error:
    refused = [str(error)]
print(json.dumps({
    "images": list(map(str, images)),
    "layers": made.layers,
    "trees": made.stage("check").trees,
    "equal": again == kept,
    "same_text": render(again.plan) == context.dockerfile,
    "text": context.dockerfile,
    "entries": [item.path for item in context_entries(context, project)],
    "keys": dict(kept.keys),
    "step": subject.step(next(item.span for item in subject.dockerfile.instructions if "protoc" in item.value and item.keyword == "RUN")),
    "findings": [f"{finding.rule} {finding.message}" for finding in report.findings],
    "refused": refused,
}))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name, text in {"app/app.py": "", "proto/api.proto": 'syntax = "proto3";\n', "proto/README": "no input\n"}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def went(project: Path, module: str = "") -> dict[str, Any]:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    program = project.parent / "program.py"
    program.write_text((module or block) + PROGRAM, encoding="utf-8")
    command = [sys.executable, str(program), str(project), str(project.parent / "asset.1")]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_S, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_a_step_kind_of_a_team_goes_from_plan_to_lint(project: Path) -> None:
    """Requirement: "A new toolchain ... goes through plan, Dockerfile, context, key, kept plan and lint"."""
    found = went(project)
    assert found["images"] == ["public.ecr.aws/lambda/python:3.13", "registry.example.com/platform/protoc:28"]
    assert found["layers"] == ["protobuf-stubs-proto", "code", "check"], "equally stable, the lower rank comes first"
    assert found["trees"] == ["protobuf-stubs-proto"]
    assert found["equal"] and found["same_text"]
    assert "protoc --proto_path=/proto --python_out=/layer/tree/var/task api.proto" in found["text"]
    assert found["entries"] == ["proto/api.proto"]
    assert found["step"] == "Code generated from proto"
    assert found["findings"] == []
    assert found["refused"] == [
        'steps[0].source: "nowhere" is not a directory of the project\n  hint: name the directory of the .proto files'
    ]


def test_its_key_follows_its_inputs(project: Path) -> None:
    before = went(project)["keys"]
    (project / "proto" / "README").write_text("another\n", encoding="utf-8")
    assert went(project)["keys"] == before
    (project / "proto" / "api.proto").write_text('syntax = "proto2";\n', encoding="utf-8")
    after = went(project)["keys"]
    assert {name for name in before if before[name] != after[name]} == {"protobuf-stubs-proto", "check"}


def test_its_stages_may_see_the_trees_of_other_steps(project: Path) -> None:
    """Requirement: "a team's own step kind with `after=` sees the trees that a built-in `Command` sees, and its rank is its own"."""
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    module = block.replace("sees_trees: bool = False", "sees_trees: bool = True").replace("Rank.FILES", "Rank.SOURCE_CODE + 1")
    program = PROGRAM.replace('"source": "proto"}', '"source": "proto", "after": ["code"]}')
    found = went(project, module + program + "\nraise SystemExit\n")
    assert found["layers"] == ["code", "protobuf-stubs-proto", "check"]
    assert "ADD layers/code.tar /\n" in found["text"] or "COPY --from=code /layer/tree/ /\n" in found["text"]
