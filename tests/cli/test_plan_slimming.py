"""``optimizer plan`` of a spec that leaves something out."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from optimizer.cli.main import optimizer
from optimizer.errors import EngineError

GOLDEN = Path(__file__).parents[1] / "golden"
# Takes the place of an engine: notes what it was asked, and writes the reports.
ENGINE = """#!/bin/sh
printf '%s\\n' "$@" > "$RECORD.argv"
cat > "$RECORD.dockerfile"
for word in "$@"; do case "$word" in type=local,dest=*) directory="${word#type=local,dest=}";; esac; done
echo '{"tests": {"numpy 2.2.4": {"bytes": 2219310, "files": 412}}, "docs": {}}' > "$directory/python-dependencies.json"
echo '{"type-stubs": {}}' > "$directory/reports.json"
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("RECORD", str(tmp_path / "record"))
    monkeypatch.setenv("PATH", f"{directory}:/bin:/usr/bin")
    return directory


def put(directory: Path, script: str) -> None:
    path = directory / "docker"
    path.write_text(script)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def show(case: str, *options: str) -> Result:
    directory = GOLDEN / case
    arguments = ["plan", str(directory / "spec.toml"), "--root", str(directory / "project"), "--lock", str(GOLDEN / "optimizer.lock")]
    return CliRunner().invoke(optimizer, [*arguments, *options])


def test_without_an_engine_the_words_are_shown() -> None:
    assert "  python-dependencies leaves out base-packages, tests\n  reports leaves out type-stubs\n" in show("python-slim").output
    stages = json.loads(show("python-slim", "--format", "json").output)["stages"]
    assert {stage["name"]: stage["recipe"].get("slim", []) for stage in stages} == {
        "python-dependencies": ["base-packages", "tests"],
        "reports": ["type-stubs"],
    }


def test_measuring_builds_the_reports_alone(programs: Path, tmp_path: Path) -> None:
    """Requirement: "`plan` shows what was left out and how many bytes that saves"."""
    put(programs, ENGINE)
    result = show("python-slim", "--measure")
    assert result.exit_code == 0, result.output
    assert "python-dependencies  tests  412    2,219,310  numpy 2.2.4\n  saved: 2,219,310 bytes\n" in result.output
    argv = (tmp_path / "record.argv").read_text().split()
    assert argv[:6] == ["build", "--file", "-", "--target", "slimming-reports", "--platform"]
    built = (tmp_path / "record.dockerfile").read_text()
    image = (GOLDEN / "python-slim" / "Dockerfile").read_text()
    assert built.startswith(image)
    assert built.removeprefix(image).split("\n") == [
        "",
        "FROM scratch AS slimming-reports",
        "COPY --from=python-dependencies /slim/report.json /python-dependencies.json",
        "COPY --from=reports /slim/report.json /reports.json",
        "",
    ]


def test_measured_plans_are_plain_data_too(programs: Path) -> None:
    put(programs, ENGINE)
    shown = json.loads(show("python-slim", "--measure", "--format", "json").output)
    assert shown["slimming"]["saved_bytes"] == 2219310
    assert shown["layers"] == ["python-dependencies", "reports"]


def test_build_secrets_reach_the_build(programs: Path, tmp_path: Path) -> None:
    put(programs, ENGINE)
    text = (GOLDEN / "python-slim" / "spec.toml").read_text()
    spec = tmp_path / "secret.image.toml"
    spec.write_text(text + 'secrets = [{ id = "pypi", from_env = "INDEX", to_env = "UV_DEFAULT_INDEX" }]\n')
    arguments = [
        "plan",
        str(spec),
        "--root",
        str(GOLDEN / "python-slim" / "project"),
        "--lock",
        str(GOLDEN / "optimizer.lock"),
        "--measure",
    ]
    assert CliRunner().invoke(optimizer, arguments).exit_code == 0
    assert "--secret\nid=pypi,env=INDEX\n" in (tmp_path / "record.argv").read_text()


def test_nothing_is_built_where_nothing_is_left_out(programs: Path) -> None:
    put(programs, "#!/bin/sh\nexit 1\n")
    assert show("python-requirements", "--measure").output.endswith("nothing was left out\n")


@pytest.mark.parametrize(
    ("engine", "message", "hint"),
    [
        (None, "there is no docker on this machine", "install Docker, or check PATH"),
        ("#!/bin/sh\nexit 3\n", "the build failed with exit code 3; its own message is above", "docker info"),
    ],
)
def test_a_missing_or_failing_engine_is_said(
    engine: str | None, message: str, hint: str, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine is None:
        monkeypatch.setenv("PATH", str(programs))
    else:
        put(programs, engine)
    error = show("python-slim", "--measure").exception
    assert isinstance(error, EngineError)
    assert error.faults[0].message == message and hint in error.faults[0].hint


def test_an_app_is_not_measured(tmp_path: Path) -> None:
    result = CliRunner().invoke(optimizer, ["plan", str(tmp_path), "--measure"])
    assert result.exit_code == 2 and "--measure needs a SPEC" in result.output
