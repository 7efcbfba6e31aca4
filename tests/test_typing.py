"""What mypy says of values that the constructors take or refuse; `make lint` checks the documented programs: tests/maintenance/test_types.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[1]

# The types of CDK are taken as they are: to read them takes longer than everything else.
CONFIG = """\
[mypy]
strict = True
python_version = 3.10
disallow_subclassing_any = False

[mypy-aws_cdk.*,constructs.*,jsii.*]
follow_imports = skip

[mypy-optimizer.*]
follow_imports = silent

[mypy-acme_lambda.*,shop,boto3.*,botocore.*,tomli.*,yaml.*,backports.*,compression.*,dockerfile_parse.*]
ignore_missing_imports = True
"""

TAKEN = """\
from pathlib import Path
from typing import assert_type

from optimizer import BuildSecret, Command, Extension, Files, ImageSpec, NodeDependencies, PythonDependencies, SourceCode, Stability
from optimizer import SystemPackages
from optimizer.model.reference import ImageReference
from optimizer.model.steps import Step

words = ["tests", "docs"]
secret = BuildSecret("npm", "NPM_TOKEN", to_env="NPM_TOKEN")
code = SourceCode("src", exclude=["*.md"], stability="weekly", after=("packages",))
spec = ImageSpec(
    runtime="python3.13",
    steps=[
        code,
        SystemPackages(["libxml2"], name="packages", stability=Stability.YEARLY, size=1000, seconds=2),
        PythonDependencies("requirements.txt", slim=words, groups=("api",), secrets=[secret], build_packages=["gcc"]),
        NodeDependencies("package-lock.json", secrets=[{"id": "npm", "from_env": "NPM_TOKEN"}], ignore_root_scripts=["prepare"]),
        Files("models", to="/opt/models", exclude=["*.md", *words]),
        Extension(image="registry.example.com/extension:1"),
        Command([["make"], ("make", "install")], inputs=words, environment={"A": "b"}, image=ImageReference.parse("alpine:3.20")),
    ],
    environment={"A": "b"},
    labels={"org.example.team": "orders"},
    build_arguments={},
    base="registry.example.com/python:3.13",
    allow=["python3.15"],
)
assert_type(spec.steps[0].stability, Stability | None)
assert_type(code.exclude, tuple[str, ...])
assert_type(spec.steps, tuple[Step, ...])
assert_type(spec.environment, tuple[tuple[str, str], ...])
assert_type(spec.base, ImageReference | None)
"""

# The properties of a function, which need the types of CDK: their names are checked where these are skipped, too.
CONSTRUCT = """\
import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_

from optimizer import ImageSpec
from optimizer.cdk import OptimizedFunction

spec = ImageSpec(runtime="python3.13")
stack = cdk.Stack(cdk.App(), "Stack")
OptimizedFunction(stack, "Api", spec=spec, handler="app.handler", memory_size=512, description="Orders", environment={"A": "b"})
OptimizedFunction(stack, "Traced", spec=spec, handler="app.handler", tracing=lambda_.Tracing.ACTIVE, timeout=cdk.Duration.seconds(3))
"""

BEFORE_REFUSED = [
    "import aws_cdk as cdk",
    "from optimizer import Command, Files, ImageSpec, SourceCode",
    "from optimizer.cdk import OptimizedFunction",
    'code, spec, stack = SourceCode("src"), ImageSpec(runtime="python3.13"), cdk.Stack(cdk.App(), "Stack")',
]
REFUSED = {
    'SourceCode("src", exclude="*.md")': "list[str] | tuple[str, ...]",
    'SourceCode("src", stability=3)': "Stability | str | None",
    "SourceCode()": "Missing positional argument",
    'SourceCode("src", "name")': "Too many positional arguments",
    'Command("make")': "Sequence[list[str] | tuple[str, ...]]",
    'ImageSpec(runtime="python3.13", environment=["A=b"])': "Mapping[str, str]",
    'Files("models")': 'Missing named argument "to"',
    'code.exclude = ("a",)': "read-only",
    'OptimizedFunction(stack, "A", spec=spec, handler="a.b", memory="512")': 'Unexpected keyword argument "memory"',
    'OptimizedFunction(stack, "A", spec=spec, handler="a.b", description=3)': 'expected "str | None"',
    'OptimizedFunction(stack, "A", spec=spec, handler="a.b", architecture=None)': 'Unexpected keyword argument "architecture"',
}


def test_values(tmp_path: Path) -> None:
    """Requirement: "The annotations take what the constructor takes"."""
    (tmp_path / "taken.py").write_text(TAKEN.replace("from typing import", "from typing_extensions import"), encoding="utf-8")
    (tmp_path / "construct.py").write_text(CONSTRUCT, encoding="utf-8")
    wrong = [*BEFORE_REFUSED, *REFUSED]
    (tmp_path / "refused.py").write_text("\n".join(wrong) + "\n", encoding="utf-8")
    (tmp_path / "mypy.ini").write_text(CONFIG, encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            "mypy.ini",
            "--cache-dir",
            "cache",
            "taken.py",
            "construct.py",
            "refused.py",
        ],
        cwd=tmp_path,
        env={"MYPYPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert [line for line in errors if not line.startswith("refused.py:")] == []
    for line, (program, message) in enumerate(REFUSED.items(), start=len(BEFORE_REFUSED) + 1):
        assert [error for error in errors if error.startswith(f"refused.py:{line}: ") and message in error], (program, errors)
