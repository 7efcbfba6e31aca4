"""A project of ``optimizer new`` tests, synthesizes and runs, and ``optimizer invoke`` runs functions as Lambda does."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import forked
from tests.engine.recorded import RecordedDocker
from tests.engine.sam_cli import SamCli, programs
from tests.patience import PATIENCE_S, wait_until

ROOT = Path(__file__).parents[2]
HANDLERS = """\
import os
import re
import pathlib
import time


def place(event, context):
    print("this goes to the log", flush=True)
    pathlib.Path("/tmp/file").write_text("x")
    try:
        pathlib.Path("/var/task/file").write_text("x")
        refused = ""
    except OSError as error:
        refused = error.strerror
    memory = next(path for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes") if os.path.exists(path))
    return {
        "refused": refused,
        "user": os.getuid(),
        "memory": int(pathlib.Path(memory).read_text()),
        "variables": {key: os.environ.get(key) for key in event},
    }


def fails(event, context):
    raise ValueError("no such order")


def sleeps(event, context):
    time.sleep(900)


def ends(event, context):
    os._exit(7)


def hoards(event, context):
    held = []
    while True:
        held.append(bytes(range(256)) * 40_000)
"""


@pytest.fixture(scope="module")
def project(registry: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CDK project as ``optimizer new`` writes it, with more handlers beside the first."""
    top = tmp_path_factory.mktemp("new")
    optimizer(top, "new", "shop", "--runtime", "python3.13", "--mirror", registry)
    project = top / "shop"
    (project / "functions" / "hello" / "more.py").write_text(HANDLERS)
    return project


@pytest.fixture
def docker(tmp_path: Path) -> RecordedDocker:
    return RecordedDocker.write(tmp_path / "docker")


def optimizer(directory: Path, *arguments: str, code: int = 0, text: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    result = forked.run("optimizer", *arguments, cwd=directory, env=environment, text=text)
    assert result.returncode == code, result.stdout + result.stderr
    return result


def invoked(project: Path, *arguments: str, code: int = 0, **variables: str) -> dict[str, Any]:
    """The report of an invocation of the spec; it may take its time, unless it is told otherwise."""
    words = ("invoke", "hello.image.toml", "--format", "json", "--timeout", "900", *arguments)
    return dict(json.loads(optimizer(project, *words, code=code, **variables).stdout))


def test_a_new_project_synthesizes_and_runs(project: Path) -> None:
    """Requirement: "`optimizer new`, synth, test, invoke"."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CDK_OUTDIR": "cdk.out"}
    subprocess.run([sys.executable, "app.py"], cwd=project, env=environment, check=True, timeout=PATIENCE_S)
    first = optimizer(project, "invoke", "cdk.out", "--event", "events/hello.json")
    assert json.loads(first.stdout) == {"message": "Hello, Ada"}
    lines = first.stderr.splitlines()
    assert "shop/Hello  (app.handler, x86_64, 512 MB, timeout 10 s)" in lines
    assert [line.split()[0] for line in lines[-3:]] == ["image", "init", "duration"]
    # The image is there now, and a variable of the caller's wins over that of the stack.
    again = optimizer(
        project, "invoke", "cdk.out", "--function", "Hello", "--env", "GREETING=Hi", "--event", "-", "-q", text='{"name": "Bo"}'
    )
    assert (json.loads(again.stdout), again.stderr) == ({"message": "Hi, Bo"}, "")


def test_it_runs_as_lambda_runs_it(project: Path) -> None:
    """Requirement: "as Lambda runs it (unprivileged user, read-only but `/tmp`, memory, timeout, environment of the template)"."""
    said = invoked(project, "--handler", "more.place", "--memory", "256", "--event", '["AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "_HANDLER"]')
    assert said["answer"] == {
        "refused": "Read-only file system",
        "user": 993,
        "memory": 256 * 1024 * 1024,
        "variables": {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "_HANDLER": "more.place"},
    }
    assert said["log"] == "this goes to the log\n"
    assert said["init_ms"] > 0 and said["duration_ms"] > 0 and said["image_bytes"] > 100_000_000


@pytest.mark.parametrize(
    ("handler", "options", "error", "failure"),
    [
        ("more.fails", (), ("ValueError", "no such order"), "the function failed"),
        ("gone.handler", (), ("ModuleNotFoundError", "No module named 'gone'"), "the initialization failed"),
        (
            "more.sleeps",
            ("--timeout", "1"),
            ("Sandbox.Timedout", "Task timed out after 1.00 seconds"),
            "no answer within the timeout of 1 s",
        ),
        ("more.ends", (), ("Runtime.ExitError", "exit status 7"), "the runtime ended with exit code 7"),
        ("more.hoards", (), ("Runtime.ExitError", "signal: killed"), "all 128 MB of memory were used"),
    ],
)
def test_a_function_that_fails_gives_the_error_of_lambda(
    handler: str, options: tuple[str, ...], error: tuple[str, str], failure: str, project: Path, docker: RecordedDocker
) -> None:
    said = invoked(project, "--handler", handler, *options, code=1, PATH=docker.path)
    assert said["answer"]["errorType"] == error[0] and error[1] in said["answer"]["errorMessage"]
    assert said["failure"] == failure
    assert len(docker.names()) == 1 and docker.leftovers() == []


def test_an_interrupt_leaves_no_container(project: Path, docker: RecordedDocker) -> None:
    argv = [sys.executable, "-m", "optimizer", "invoke", "hello.image.toml", "--handler", "more.sleeps", "--timeout", "900"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": docker.path}
    with subprocess.Popen(argv, cwd=project, env=environment, stderr=subprocess.PIPE, text=True) as process:
        wait_until(docker.leftovers, lost=lambda: process.poll() is not None)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130 and "interrupted" in said
    assert len(docker.names()) == 1 and docker.leftovers() == []


# The base images of AWS have this entrypoint and the emulator, and the stand-ins have neither.
_ENTRYPOINT = """\
#!/bin/sh
export _HANDLER="$1"
exec /usr/local/bin/aws-lambda-rie /var/runtime/bootstrap
"""


@pytest.mark.usefixtures("hello_images")
def test_the_other_ways_of_the_documentation_give_the_same_answer(registry: str, tmp_path: Path) -> None:
    """Requirement: "with a page on `sam local invoke` and `docker run` beside it, tested"."""
    page = (ROOT / "docs" / "invoke.md").read_text(encoding="utf-8")
    by_sam, by_docker = re.findall(r"```console\n((?:sam|optimizer build) .*?)```", page, re.DOTALL)
    optimizer(tmp_path, "new", "shop", "--sam", "--runtime", "python3.13", "--mirror", registry)
    project = tmp_path / "shop"
    template = project / "template.yaml"
    # Of a container, its beginning counts too.
    template.write_text(template.read_text(encoding="utf-8").replace("Timeout: 10", "Timeout: 900"), encoding="utf-8")
    sam = SamCli(project, {})
    said = [sam.succeed(*shlex.split(line)[1:]) for line in by_sam.splitlines()]
    assert json.loads(said[-1]) == {"message": "Hello, Ada"}
    build, run, call, remove = map(shlex.split, by_docker.splitlines())
    optimizer(project, *build[1:], "--mirror", registry)
    try:
        with_emulator(build[-1], tmp_path)
        subprocess.run(run, cwd=project, check=True, capture_output=True, timeout=PATIENCE_S)
        assert json.loads(called(call, project)) == {"message": "Hello, Ada"}
    finally:
        subprocess.run(remove, check=False, capture_output=True, timeout=PATIENCE_S)


def with_emulator(image: str, directory: Path) -> None:
    """Give a stand-in what the base images of AWS have."""
    (emulator,) = (programs().parent / "lib").glob("python*/site-packages/samcli/local/rapid/aws-lambda-rie-x86_64")
    shutil.copy(emulator, directory / "aws-lambda-rie")
    (directory / "entrypoint").write_text(_ENTRYPOINT)
    recipe = "COPY --chmod=755 aws-lambda-rie /usr/local/bin/\nCOPY --chmod=755 entrypoint /lambda-entrypoint.sh\n"
    (directory / "Dockerfile").write_text(f"FROM {image}\n{recipe}")
    subprocess.run(["docker", "build", "--quiet", "--tag", image, str(directory)], check=True, capture_output=True, timeout=PATIENCE_S)


def called(call: list[str], project: Path) -> str:
    """What the emulator answers, once it listens."""
    said: list[str] = []

    def answers() -> bool:
        result = subprocess.run(call, cwd=project, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        said[:] = [result.stdout]
        return result.returncode == 0

    wait_until(answers)
    return said[0]
