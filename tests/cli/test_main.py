"""The command line as a process: how it ends when somebody asks it to."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from optimizer.cli.local_functions import local_function
from optimizer.errors import ContextError
from tests.cli.test_verify import write_app
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
# Takes the place of docker: asks the optimizer to end when it builds, and again when it cleans up.
ASKS = """#!/bin/sh
echo "$1 $2" >> {log}
case "$1 $2" in
  "build --"*) kill -{request} $PPID; sleep 60;;
  "image rm") {again}; echo removed >> {log};;
esac
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "temporary").mkdir()
    write_app(tmp_path / "cdk.out", {"Api": {"directory": "asset.1"}})
    (tmp_path / "cdk.out" / "asset.1").mkdir()
    return tmp_path


def verify(here: Path, request: str, again: str = "true", before: str = "") -> subprocess.CompletedProcess[str]:
    program = here / "program"
    program.write_text(ASKS.format(log=here / "log", request=request, again=again))
    program.chmod(0o755)
    environment = {"PYTHONPATH": str(ROOT), "CDK_DOCKER": str(program), "TMPDIR": str(here / "temporary"), "PATH": "/usr/bin:/bin"}
    argv = ["sh", "-c", f'{before} exec "$@"', "sh", sys.executable, "-m", "optimizer", "verify", "cdk.out", "--format", "json"]
    return subprocess.run(argv, cwd=here, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


@pytest.mark.parametrize("request_", ["INT", "TERM", "HUP"])
def test_a_request_to_end_cleans_up_and_says_so(request_: str, here: Path) -> None:
    """Requirement: "Nothing lost: interrupted builds […] leave a clear error and a state from which the next run succeeds"."""
    result = verify(here, request_)
    assert (result.returncode, result.stdout) == (130, "")
    assert result.stderr == ("comparing two builds of Shop/Api\nerror: interrupted; no partial result is left\n")
    assert (here / "log").read_text().split("\n")[1:] == ["build --file=Dockerfile", "image rm", "removed", "image rm", "removed", ""]
    assert list((here / "temporary").iterdir()) == []


def test_a_second_request_does_not_stop_the_cleaning_up(here: Path) -> None:
    """CI runners interrupt, then terminate, then kill."""
    result = verify(here, "INT", again="[ -e once ] || { touch once; kill -TERM $PPID; }")
    assert result.returncode == 130
    assert (here / "log").read_text().count("removed") == 2
    assert list((here / "temporary").iterdir()) == []


def test_what_the_caller_ignores_stays_ignored(here: Path) -> None:
    (here / "cdk.out" / "asset.1" / "Dockerfile").write_text("FROM scratch\n")
    result = verify(here, "HUP $PPID; exit 3; kill -HUP", before="trap '' HUP;")
    assert result.returncode == 2
    assert "the build failed" in result.stderr


def test_a_full_disk_is_one_line(here: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("only Linux has a file that is always full")
    argv = [sys.executable, "-m", "optimizer", "schema"]
    with full.open("w") as output:
        result = subprocess.run(
            argv, cwd=here, env={"PYTHONPATH": str(ROOT)}, stdout=output, stderr=subprocess.PIPE, text=True, check=False
        )
    assert result.returncode == 2
    assert result.stderr.splitlines()[0] == "error: standard output cannot be written: No space left on device"
    assert "Traceback" not in result.stderr


def test_what_synthesis_found_says_why_there_is_no_image(here: Path) -> None:
    """An app whose synthesis ended with errors leaves an output, in which functions have no image."""
    app = here / "cdk.out"
    for name, change in (("a.json", {"dockerImages": {}}), ("t.json", None), ("manifest.json", None)):
        document = json.loads((app / name).read_text())
        if name == "t.json":
            document["Resources"]["Api"]["Properties"]["Code"] = {"ImageUri": {"Ref": "Later"}}
        if name == "manifest.json":
            entry = {"type": "aws:cdk:error", "data": '"a.b/c:1" is not pinned in optimizer.lock\n  hint: run: optimizer pin cdk.out'}
            document["artifacts"]["Shop"]["metadata"] = {"/Shop/Api": [entry]}
        (app / name).write_text(json.dumps(change if change is not None else document))
    why = 'synthesis made no image of it: "a.b/c:1" is not pinned in optimizer.lock'
    shown = subprocess.run(
        [sys.executable, "-m", "optimizer", "plan", "cdk.out"],
        cwd=here,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert why in " ".join(shown.stdout.split())
    with pytest.raises(ContextError, match=why):
        local_function(str(app), None, handler=None, root=None, lock=None, mirror=None)
