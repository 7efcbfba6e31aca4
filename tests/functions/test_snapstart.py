"""SnapStart's restore protocol of the Node.js example, against a server that speaks the Runtime API's restore calls."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.engine.services import RestoringInterface
from tests.patience import PATIENCE_S, wait_until

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "tests" / "engine" / "standin" / "nodejs" / "bootstrap"
"""It imports the handler's module before it asks for the first invocation, as AWS's client for Node.js does (aws-lambda-ric 4.0.2)."""

HANDLER = """\
import {{ appendFileSync }} from "node:fs";
import {{ afterRestore, beforeSnapshot, restored }} from "./snapstart.mjs";

const note = (word) => appendFileSync(process.env.NOTES, word + "\\n");
let state = "initialized";
{hooks}
note("initialized");

export const handler = async () => state;

await restored();
"""
HOOKS = """\
beforeSnapshot(() => note("before one"));
beforeSnapshot(async () => note("before two"));
afterRestore(async () => note("after one"));
afterRestore(() => {
  note("after two");
  state = "restored";
});
"""


@dataclass
class Running:
    """A function's process, and the service that it talks to."""

    process: subprocess.Popen[bytes]
    interface: RestoringInterface
    notes: Path

    def calls(self, number: int) -> list[str]:
        """The calls so far, at least as many as that."""
        wait_until(
            lambda: len(self.interface.calls) >= number,
            lost=lambda: self.process.poll() is not None,
            said=lambda: (self.interface.calls, self.process.poll()),
        )
        return [*self.interface.calls]

    def noted(self) -> list[str]:
        return self.notes.read_text(encoding="utf-8").splitlines()

    def ended(self) -> int:
        return self.process.wait(timeout=PATIENCE_S)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    assert node is not None, "requirements.txt brings Node.js into the virtual environment"
    shutil.copy(ROOT / "functions" / "receipts" / "snapstart.mjs", tmp_path)
    interface = RestoringInterface()
    running: list[subprocess.Popen[bytes]] = []
    log = (tmp_path / "log").open("wb")

    def start(hooks: str = HOOKS, kind: str = "snap-start") -> Running:
        (tmp_path / "index.mjs").write_text(HANDLER.format(hooks=hooks), encoding="utf-8")
        environment = {
            **os.environ,
            "AWS_LAMBDA_RUNTIME_API": interface.address,
            "AWS_LAMBDA_INITIALIZATION_TYPE": kind,
            "LAMBDA_TASK_ROOT": str(tmp_path),
            "_HANDLER": "index.handler",
            "NOTES": str(tmp_path / "notes"),
        }
        # The virtual environment's node is a program that starts another one.
        running.append(subprocess.Popen([node, str(CLIENT)], env=environment, stdout=log, stderr=log, start_new_session=True))
        return Running(running[-1], interface, tmp_path / "notes")

    yield start
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=PATIENCE_S)
    interface.close()
    log.close()


def answer(interface: RestoringInterface) -> Any:
    interface.events.put(("one", b"{}"))
    kind, body, _ = interface.answers.get(timeout=PATIENCE_S)
    return (kind, json.loads(body))


def test_the_snapshot_is_taken_between_the_hooks(start: Callable[..., Running]) -> None:
    """Guide: before-snapshot hooks; GET restore/next, which blocks; after-restore hooks; GET invocation/next."""
    function = start()
    assert function.calls(1) == ["GET restore/next"]
    assert function.noted() == ["initialized", "before two", "before one"]
    time.sleep(0.3)
    assert function.interface.calls == ["GET restore/next"], "nothing is asked for before the restore"
    function.interface.restore()
    assert answer(function.interface) == ("response", "restored")
    assert function.interface.calls[:3] == ["GET restore/next", "GET invocation/next", "POST invocation/one/response"]
    assert function.noted()[3:] == ["after one", "after two"]


@pytest.mark.parametrize("kind", ["on-demand", "provisioned-concurrency", ""])
def test_without_snapstart_there_is_no_snapshot(kind: str, start: Callable[..., Running]) -> None:
    """Guide: "Perform these steps only if SnapStart is enabled"."""
    function = start(kind=kind)
    assert answer(function.interface) == ("response", "initialized")
    assert "GET restore/next" not in function.interface.calls
    assert function.noted() == ["initialized"]


def test_a_hook_that_fails_before_the_snapshot_fails_the_publication(start: Callable[..., Running]) -> None:
    """Guide: POST init/error with a type of the form Category.Reason, then exit with a non-zero code."""
    function = start('beforeSnapshot(async () => { throw new TypeError("no way"); });')
    assert function.ended() == 1
    assert function.interface.calls == ["POST init/error"]
    kind, body = function.interface.reports["POST init/error"]
    assert (kind, body["errorMessage"], body["errorType"]) == ("Runtime.BeforeSnapshotError", "no way", "TypeError")
    assert "index.mjs" in "".join(body["stackTrace"])


def test_a_hook_that_fails_after_a_restore_ends_the_environment(start: Callable[..., Running]) -> None:
    """Guide: POST restore/error; "Lambda fails the in-flight invocation and tears down the execution environment"."""
    function = start('afterRestore(() => { throw "lost"; });')
    assert function.calls(1) == ["GET restore/next"]
    function.interface.restore()
    assert function.ended() == 1
    assert function.interface.calls == ["GET restore/next", "POST restore/error"]
    kind, body = function.interface.reports["POST restore/error"]
    assert (kind, body["errorMessage"]) == ("Runtime.AfterRestoreError", "lost")


def test_an_environment_that_is_not_restored_serves_nothing(start: Callable[..., Running]) -> None:
    function = start()
    function.interface.restore(403)
    assert function.ended() != 0
    assert function.interface.calls == ["GET restore/next", "POST init/error"]
    assert "answered 403" in function.interface.reports["POST init/error"][1]["errorMessage"]
    assert "after one" not in function.noted()
