"""What was given to the wrong command is told by name, with the command that takes it."""

from __future__ import annotations

import json
import shlex
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from optimizer.adapters.kinds import COMMANDS, Kind, kind_of
from optimizer.cli.main import _COMMANDS, optimizer
from optimizer.errors import ContextError
from tests.test_golden import GOLDEN

TEMPLATE = "Resources:\n  Api:\n    Type: AWS::Serverless::Function\n"
BUILDS = "an image specification (*.image.toml) or the output directory of cdk synth, such as cdk.out"
PLANS = "an image specification (*.image.toml), a SAM or CloudFormation template or the output directory of cdk synth, such as cdk.out"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for path, text in {
        "api.image.toml": 'runtime = "python3.13"\n',
        "template.yaml": TEMPLATE,
        "template.json": json.dumps({"Resources": {}}),
        "Dockerfile": "FROM scratch\n",
        "app.py": "import aws_cdk\n",
        "bin/app.ts": "import * as cdk from 'aws-cdk-lib';\n",
        "app/cdk.json": json.dumps({"app": "python3 app.py", "output": "dist"}),
        "optimizer.lock": "version = 1\n",
        "optimizer.toml": "",
        "made/cdk.out": "{}",
        "made/manifest.json": json.dumps({"artifacts": {}}),
        "compose.yaml": "services: {}\n",
        "functions/readme.txt": "\n",
    }.items():
        Path(path).parent.mkdir(exist_ok=True, parents=True)
        Path(path).write_text(text)
    with tarfile.open("image.tar", "w"):
        pass
    lock = ["--root", str(GOLDEN / "python-slim/project"), "--lock", str(GOLDEN / "optimizer.lock")]
    planned = CliRunner().invoke(optimizer, ["plan", str(GOLDEN / "python-slim/spec.toml"), *lock, "--format", "json"])
    Path("x.json").write_text(planned.stdout)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("api.image.toml", Kind.SPEC),
        ("template.yaml", Kind.TEMPLATE),
        ("template.json", Kind.TEMPLATE),
        ("Dockerfile", Kind.DOCKERFILE),
        ("app.py", Kind.PROGRAM),
        ("app", Kind.UNSYNTHESIZED),
        ("app/dist", Kind.UNSYNTHESIZED),
        ("cdk.out", Kind.UNSYNTHESIZED),
        ("optimizer.lock", Kind.LOCK),
        ("optimizer.toml", Kind.CONFIGURATION),
        ("made", Kind.ASSEMBLY),
        ("image.tar", Kind.IMAGE),
        ("x.json", Kind.PLAN),
        ("compose.yaml", Kind.UNKNOWN),
        ("functions", Kind.DIRECTORY),
        ("gone", Kind.MISSING),
    ],
)
def test_a_path_is_known_by_name_or_content(path: str, kind: Kind) -> None:
    assert kind_of(path) is kind


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (
            "verify template.yaml",
            f'"template.yaml" is a SAM or CloudFormation template; optimizer verify takes {BUILDS}',
            "commands that take it: optimizer init --from template.yaml, optimizer invoke template.yaml, optimizer lint template.yaml",
        ),
        (
            "plan cdk.out",
            f'"cdk.out" is a CDK app that is not synthesized; optimizer plan takes {PLANS}',
            "run cdk synth, and name its output: optimizer plan cdk.out",
        ),
        ("plan app", f'"app" is a CDK app that is not synthesized; optimizer plan takes {PLANS}', "run cdk synth, and name its output: optimizer plan app/dist"),
        ("plan app.py", f'"app.py" is a program; optimizer plan takes {PLANS}', "run cdk synth, and name its output: optimizer plan cdk.out"),
        (
            "plan x.json",
            f'"x.json" is a plan that was kept as JSON; optimizer plan takes {PLANS}',
            "plan the specification, or the app, that it was made of; a program reads it with optimizer.load_plan",
        ),
        ("plan functions", f'"functions" is a directory; optimizer plan takes {PLANS}', "name one that is in the directory"),
        ("plan gone", f'"gone" does not exist; optimizer plan takes {PLANS}', "check the path"),
        (
            "bake template.yaml",
            '"template.yaml" is a SAM or CloudFormation template; optimizer bake takes the output directory of cdk synth, such as cdk.out',
            "commands that take it: optimizer init --from template.yaml, optimizer invoke template.yaml, optimizer lint template.yaml",
        ),
        (
            "inspect made",
            '"made" is the output of cdk synth; optimizer inspect takes a built image (an archive, an OCI layout, or a name)',
            "commands that take it: optimizer bake made, optimizer build made, optimizer init --from made, optimizer invoke made, optimizer lint made, optimizer pin made, "
            "optimizer plan made, optimizer publish made, optimizer runtimes made, optimizer verify made",
        ),
        (
            "inspect cdk.out",
            '"cdk.out" is a CDK app that is not synthesized; optimizer inspect takes a built image (an archive, an OCI layout, or a name)',
            "run cdk synth, and name its output: optimizer bake cdk.out, optimizer build cdk.out",
        ),
        (
            "render Dockerfile",
            '"Dockerfile" is a Dockerfile; optimizer render takes an image specification (*.image.toml)',
            "commands that take it: optimizer init --from Dockerfile, optimizer lint Dockerfile",
        ),
        (
            "verify image.tar",
            f'"image.tar" is a built image; optimizer verify takes {BUILDS}',
            "commands that take it: optimizer inspect image.tar, optimizer lint image.tar",
        ),
        (
            "pin optimizer.lock",
            f'"optimizer.lock" is the lock; optimizer pin takes {PLANS}',
            "name what it pins: commands find the lock themselves",
        ),
        (
            "lint x.json",
            '"x.json" is a plan that was kept as JSON; optimizer lint takes a Dockerfile, a SAM or CloudFormation template, '
            "an image specification (*.image.toml), the output directory of cdk synth, such as cdk.out, a built image (an archive, an OCI layout, or a name) or a directory that holds some",
            "plan the specification, or the app, that it was made of",
        ),
        (
            "init --from api.image.toml",
            '"api.image.toml" is an image specification; optimizer init --from takes a Dockerfile',
            "commands that take it: optimizer build api.image.toml, optimizer invoke api.image.toml, optimizer lint api.image.toml, optimizer pin api.image.toml",
        ),
    ],
)  # fmt: skip
def test_the_wrong_command_names_the_right_one(words: str, message: str, hint: str) -> None:
    """Issue 14: "What was given to the wrong command is told by name, with the command that takes it"."""
    result = CliRunner().invoke(optimizer, shlex.split(words))
    assert isinstance(result.exception, ContextError), result.output
    (fault,) = result.exception.faults
    assert fault.message.startswith(message)
    assert fault.hint.startswith(hint)


def test_all_wrong_paths_are_told_at_once() -> None:
    result = CliRunner().invoke(optimizer, ["pin", "app.py", "optimizer.lock"])
    assert isinstance(result.exception, ContextError)
    assert [fault.place for fault in result.exception.faults] == ["app.py", "optimizer.lock"]


def test_every_command_of_the_table_is_one() -> None:
    assert {name.partition(" ")[0] for name in COMMANDS} <= set(_COMMANDS)
