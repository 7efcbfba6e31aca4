"""``optimizer.lint`` as a program calls it."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import optimizer
from optimizer.errors import OptimizerError
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject
from tests.linting.cases import PYTHON
from tests.patience import PATIENCE_S
from tests.test_golden import GOLDEN

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")
USER = f"FROM {PYTHON}\nUSER 1000\n"


def _owner(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    if not any(item.keyword == "LABEL" for stage in subject.final_stages for item in stage.stage.instructions):
        yield Violation(message="nobody owns the image")


OWN = Rule(
    id="ACME101",
    name="acme-owner",
    severity=Severity.ERROR,
    since="1",
    summary="The image has no label.",
    why="Someone is on call.",
    fix="add LABEL owner=<team>",
    bad="FROM a",
    good="FROM a\nLABEL owner=orders",
    dockerfile=_owner,
)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    for name in ("services/api", "services/jobs"):
        write(tmp_path / name / "Dockerfile", USER)
    return tmp_path


def test_is_a_function_whatever_was_imported_before() -> None:
    importlib.import_module("optimizer.linting.engine")
    assert callable(optimizer.lint)


def test_finds_what_the_command_finds(tree: Path) -> None:
    write(tree / "services" / "jobs" / "optimizer.toml", '[conventions]\nignore = ["LIO102"]\n')
    argv = [sys.executable, "-m", "optimizer", "lint", "services", "--format", "json"]
    said = json.loads(
        subprocess.run(
            argv, cwd=tree, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=PATIENCE_S
        ).stdout
    )
    report = optimizer.lint(["services"])
    assert report.findings
    assert [(item["path"], item["rule"], item["line"], item["message"]) for item in said["findings"]] == [
        (item.location.path, item.rule, item.location.span.start.line if item.location.span else 0, item.message)
        for item in report.findings
    ]


def test_fails_where_the_nearest_file_says_so(tree: Path) -> None:
    write(tree / "services" / "jobs" / "optimizer.toml", '[conventions]\nfail_on = "error"\n')
    report = optimizer.lint("services", select=["user-set"])
    assert [item.location.path for item in report.findings] == ["services/api/Dockerfile", "services/jobs/Dockerfile"]
    assert [item.location.path for item in report.failing] == ["services/api/Dockerfile"]
    assert optimizer.lint("services", select=["user-set"], fail_on="error").failing == ()


def test_the_baseline_is_that_of_the_root(tree: Path) -> None:
    write(tree / "other" / "optimizer.toml", 'baseline = "known.json"\n')
    with pytest.raises(optimizer.OptimizerError, match="the baseline does not exist"):
        optimizer.lint("services", root="other")
    argv = [sys.executable, "-m", "optimizer", "lint", "services", "--baseline", "other/known.json", "--write-baseline"]
    subprocess.run(argv, cwd=tree, env={"PYTHONPATH": str(ROOT)}, check=True, capture_output=True, timeout=PATIENCE_S)
    report = optimizer.lint("services", root="other")
    assert report.findings == () and {item.rule for item in report.known} >= {"LIO602"}


def test_takes_rules_of_a_team(tree: Path) -> None:
    write(tree / "services" / "jobs" / "Dockerfile", f"# optimizer: ignore-file acme-owner -- a batch job\n{USER}")
    report = optimizer.lint(Path("services"), rules=[OWN], select=["acme-owner"])
    assert [(item.location.path, item.rule) for item in report.findings] == [("services/api/Dockerfile", "ACME101")]
    assert [item.rule for item, _ in report.suppressed] == ["ACME101"]
    with pytest.raises(optimizer.OptimizerError, match="is the id or name of another rule"):
        optimizer.lint("services", rules=[OWN, OWN])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"paths": "nowhere"}, '"nowhere" does not exist'),
        ({"paths": []}, "no path is given"),
        ({"paths": "services", "fail_on": "grave"}, '"grave" is not a severity; allowed: error, warning, info'),
        ({"paths": "services", "select": ["LIO999"]}, 'no rule is called "LIO999"'),
        ({"paths": "services", "config": "missing.toml"}, "does not exist"),
    ],
)
def test_refuses_wrong_input(tree: Path, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(optimizer.OptimizerError, match=re.escape(message)):
        optimizer.lint(**arguments)  # type: ignore[arg-type]


def test_the_example_of_the_page_runs(tree: Path) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    write(
        tree / "template.yaml",
        "Resources:\n  Api:\n    Type: AWS::Serverless::Function\n    Properties: {PackageType: Image}\n"
        "    Metadata: {DockerContext: services/api, Dockerfile: Dockerfile}\n",
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=tree, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=60
    )
    assert result.stderr == ""
    assert "services/jobs/Dockerfile:2:1: warning LIO602" in result.stdout
    assert result.returncode == int(": error " in result.stdout)


def test_checks_the_image_of_a_specification(tree: Path) -> None:
    """Requirement: "hooks for templates, specs and pins": findings are shown at the file, and no fix is made in it."""
    write(tree / "optimizer.lock", (GOLDEN / "optimizer.lock").read_text(encoding="utf-8"))
    write(tree / "api.image.toml", 'runtime = "python3.13"\n[[steps]]\nkind = "system-packages"\npackages = ["make"]\n')
    report = optimizer.lint(["api.image.toml"])
    (finding,) = report.findings
    assert (finding.rule, finding.location.path, finding.fix) == ("LIO201", "api.image.toml", None)
    assert finding.message.endswith('in the step "System packages make"')
    write(tree / "optimizer.toml", '[conventions]\nexclude = ["*.image.toml"]\n')
    assert optimizer.lint(["api.image.toml", "services/api"]).findings[0].location.path == "services/api/Dockerfile"


def test_says_all_that_is_wrong_with_specifications(tree: Path) -> None:
    for name in ("one", "other"):
        write(tree / f"{name}.image.toml", 'runtime = "python3.13"\nstpes = []\n')
    with pytest.raises(OptimizerError) as caught:
        optimizer.lint(["one.image.toml", "services", "other.image.toml", "gone.image.toml"])
    assert [fault.place for fault in caught.value.faults] == ["one.image.toml: stpes", "other.image.toml: stpes", "gone.image.toml"]
