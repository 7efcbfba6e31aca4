"""``.ci/run`` and ``.ci/pythons`` with programs in place of make, docker and Python: what fails the run, and how it ends."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S

CI = Path(__file__).parents[1] / ".ci"
SUMMARY = "========= 3 passed, 1 skipped in 60.00s (0:01:00) ========="
MAKE = f"""#!/bin/sh
echo "$@ $OPTIMIZER_REQUIRE_ENGINE" >> "$CALLS"
case "$1" in
  test) echo "{SUMMARY}" ;;
  test-pythons) echo "========= 2 passed in 1.00s =========" ;;
  lint) echo "style is bad" ;;
esac
[ "$1" != "$FAILING" ]
"""


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A project whose every part does nothing."""
    (tmp_path / "project" / ".ci").mkdir(parents=True)
    shutil.copy(CI / "run", tmp_path / "project" / ".ci" / "run")
    program(tmp_path / "project" / ".ci" / "setup-engine", "#!/bin/sh\n")
    for name in ("docker", "python3"):
        program(tmp_path / "bin" / name, f'#!/bin/sh\n[ {name} != "$FAILING" ]\n')
    program(tmp_path / "bin" / "make", MAKE)
    return tmp_path


def run(checkout: Path, failing: str = "nothing") -> tuple[int, list[str], set[str]]:
    environment = {
        "PATH": f"{checkout / 'bin'}:/usr/bin:/bin",
        "CALLS": str(checkout / "calls"),
        "FAILING": failing,
        "OPTIMIZER_ENGINE_STATE": str(checkout / "state"),
    }
    argv = ["bash", str(checkout / "project" / ".ci" / "run")]
    result = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    return result.returncode, result.stdout.splitlines(), set((checkout / "calls").read_text(encoding="utf-8").splitlines())


def test_the_summary_of_all_tests_comes_last(checkout: Path) -> None:
    code, lines, calls = run(checkout)
    assert code == 0
    assert lines[-1] == SUMMARY
    (pythons,) = {call for call in calls if call.startswith("test-pythons ")}
    assert calls - {pythons} == {"environment ", "lint ", "docs ", "test PROFILE=ci 1"}
    option, chosen, *paths = shlex.split(pythons.split("TESTS=")[1])
    assert (option, chosen) == ("-m", "not hypothesis") and paths
    pins = {re.split(r"\[|==", line)[0] for line in (CI.parent / "requirements.txt").read_text(encoding="utf-8").splitlines()}
    assert set(re.search(r"WITHOUT=(\S+)", pythons)[1].split("|")) <= pins, "not required any more"  # type: ignore[index]
    for path in paths:
        assert (CI.parent / path).exists(), f"{path} is not there any more"


@pytest.mark.parametrize("failing", ["environment", "lint", "docs", "test", "test-pythons", "python3"])
def test_a_part_that_fails_fails_the_run(failing: str, checkout: Path) -> None:
    code, lines, _ = run(checkout, failing)
    assert code != 0
    assert failing != "lint" or "style is bad" in lines


def test_the_oldest_and_the_newest_other_python_are_found(tmp_path: Path) -> None:
    answers = '#!/bin/sh\ncase "$2" in *version_info*) echo 11 ;; esac\n'
    for minor in (9, 10, 11, 12):
        program(tmp_path / "bin" / f"python3.{minor}", answers)
    program(tmp_path / "bin" / "python3", answers)
    # As a version manager leaves them, which has no such version.
    program(tmp_path / "bin" / "python3.13", "#!/bin/sh\nexit 127\n")
    environment = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "PYENV_ROOT": str(tmp_path)}
    argv = ["bash", str(CI / "pythons")]
    found = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout.split()
    assert [os.path.basename(path) for path in found] == ["python3.10", "python3.12"]


def test_make_keeps_byte_code_wherever_it_runs() -> None:
    """On a machine whose environment forbids byte-code, every program of the tests compiled all of aws-cdk-lib that it imports."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    argv = ["make", "--no-print-directory", "--eval", "show: ; @env", "show"]
    shown = subprocess.run(argv, cwd=CI.parent, env=environment, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout
    names = {line.partition("=")[0] for line in shown.splitlines()}
    assert "PYTHONPYCACHEPREFIX" in names and "PYTHONDONTWRITEBYTECODE" not in names
