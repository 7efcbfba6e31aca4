from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from optimizer.adapters.engine import Engine
from optimizer.errors import EngineError

DOWN = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"


class FakeDocker:
    """A ``docker`` on PATH that answers by its first argument, and writes down what it was asked."""

    def __init__(self, directory: Path) -> None:
        self._answers = directory / "answers.json"
        self._log = directory / "log"
        self._log.write_text("")
        self.answers: dict[str, dict[str, Any]] = {}
        program = directory / "docker"
        program.write_text(
            f"#!{sys.executable}\n"
            "import json, os, sys\n"
            f"open({str(self._log)!r}, 'a').write(json.dumps([sys.argv[1:], os.getcwd(), os.environ.get('BUILDX_NO_DEFAULT_ATTESTATIONS')]) + '\\n')\n"
            f"answer = json.load(open({str(self._answers)!r})).get(sys.argv[1], {{}})\n"
            "sys.stdout.write(answer.get('out', ''))\n"
            "sys.stderr.write(answer.get('err', ''))\n"
            "sys.exit(answer.get('code', 0))\n"
        )
        program.chmod(0o755)

    def answer(self, verb: str, out: str = "", err: str = "", code: int = 0) -> None:
        self.answers[verb] = {"out": out, "err": err, "code": code}
        self._answers.write_text(json.dumps(self.answers))

    def calls(self) -> list[list[Any]]:
        return [json.loads(line) for line in self._log.read_text().splitlines()]


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDocker:
    monkeypatch.setenv("PATH", str(tmp_path))
    fake = FakeDocker(tmp_path)
    fake.answer("version", out="26.1.5\n")
    return fake


def refusal(call: Any, *arguments: Any) -> str:
    with pytest.raises(EngineError) as raised:
        call(*arguments)
    return str(raised.value)


def test_an_engine_that_answers_passes(docker: FakeDocker) -> None:
    Engine().check()


def test_a_missing_docker_is_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    text = "there is no docker on this machine\n  hint: install Docker, or check PATH"
    assert refusal(Engine().check) == text
    assert refusal(Engine().has, "shop") == text


def test_an_engine_that_does_not_run_is_one_error(docker: FakeDocker) -> None:
    docker.answer("version", err=DOWN, code=1)
    docker.answer("image", err=DOWN, code=1)
    text = f"the container engine does not answer: {DOWN}\n  hint: start Docker, or check DOCKER_HOST"
    assert refusal(Engine().check) == text
    assert refusal(Engine().has, "shop") == text


def test_an_image_is_there_or_not(docker: FakeDocker) -> None:
    docker.answer("image", out=json.dumps([{"Id": "sha256:1", "Os": "linux", "Architecture": "arm64", "RootFS": {"Layers": ["a", "b"]}}]))
    assert Engine().has("shop:1")
    image = Engine().describe("shop:1")
    assert ([layer.diff_id for layer in image.layers], image.architecture, image.config_digest) == (["a", "b"], "arm64", "sha256:1")
    docker.answer("image", err="Error: No such image: shop:1", code=1)
    assert not Engine().has("shop:1")
    assert refusal(Engine().describe, "shop:1") == 'the engine has no image "shop:1"\n  hint: check the name: docker image ls'


@pytest.mark.parametrize("name", ["--help", "a b", "", "a\nb", "$(x)"])
def test_a_name_cannot_become_an_option(name: str, docker: FakeDocker) -> None:
    assert refusal(Engine().has, name).startswith(f'"{name}" is not the name of an image')
    assert docker.calls() == []


def test_a_build_gets_its_options_and_no_attestations(docker: FakeDocker, tmp_path: Path) -> None:
    Engine().build(["--no-cache"], tmp_path)
    assert docker.calls() == [[["build", "--no-cache", "."], str(tmp_path), "1"]]


def test_another_builder_hands_over_what_it_built(docker: FakeDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUILDX_BUILDER", "fleet")
    Engine().build(["--no-cache"], tmp_path)
    assert docker.calls()[-1][0] == ["build", "--no-cache", "--load", "."]


def test_a_failed_build_shows_its_last_lines(docker: FakeDocker, tmp_path: Path) -> None:
    docker.answer("build", err="".join(f"line {number}\n" for number in range(100)), code=1)
    lines = "\n".join(f"line {number}" for number in range(80, 100))
    text = f"the build failed:\n{lines}\n  hint: fix what it reports, and run the command again"
    assert refusal(Engine().build, [], tmp_path) == text


def test_of_a_step_that_failed_its_own_lines_are_shown(docker: FakeDocker, tmp_path: Path) -> None:
    """Whatever the length of its RUN, which BuildKit prints after them."""
    shown = "\n".join(f"  {number:2} | >>>     word \\" for number in range(40))
    printed = "".join(f"{number / 10:.3f} line {number}\n" for number in range(30))
    docker.answer(
        "build",
        err=f"#5 [packages 2/3] RUN install\n#5 0.245 line 0\n#5 ERROR: exit code: 1\n------\n > [packages 2/3] RUN install -- word:\n{printed}------\n"
        f"Dockerfile:2\n--------------------\n{shown}\n--------------------\nERROR: failed to solve: exit code: 1\n",
        code=1,
    )
    lines = "\n".join(f"line {number}" for number in range(10, 30))
    text = f"the build failed:\n[packages 2/3]\n{lines}\nERROR: failed to solve: exit code: 1\n  hint: fix what it reports, and run the command again"
    assert refusal(Engine().build, [], tmp_path) == text


@pytest.mark.parametrize("printed", ["", "\n", "0.2 \n"])
def test_lines_that_the_end_lacks_are_taken_from_where_the_step_ran(printed: str, docker: FakeDocker, tmp_path: Path) -> None:
    """A step that fails at once may have its log read after the end was written."""
    docker.answer(
        "build",
        code=1,
        err="#5 [code 2/2] RUN check\n#6 [other 1/1] RUN x\n#6 0.1 fine\n#5 0.2 the wrong Python\n#5 ERROR: exit code: 1\n------\n"
        f" > [code 2/2] RUN check:\n{printed}------\nERROR: failed to solve: exit code: 1\n",
    )
    told = refusal(Engine().build, [], tmp_path)
    assert "[code 2/2]\nthe wrong Python\nERROR: failed to solve" in told
    assert "fine" not in told


def test_a_full_disk_is_named(docker: FakeDocker, tmp_path: Path) -> None:
    docker.answer("build", err="ERROR: failed to solve: write /x: no space left on device", code=1)
    assert refusal(Engine().build, [], tmp_path) == (
        "the build failed: no space is left on the disk\nERROR: failed to solve: write /x: no space left on device\n"
        "  hint: free some space on the engine's disk (docker system df), and run the command again"
    )
    docker.answer("save", err="write image.tar: no space left on device", code=1)
    with pytest.raises(EngineError, match="no space is left on the disk") as raised, Engine().saved("shop:1"):
        pass
    assert raised.value.faults[0].hint.startswith("free some space in the directory for temporary files, ")


def test_a_saved_image_is_gone_afterwards(docker: FakeDocker) -> None:
    docker.answer("save")
    with Engine().saved("shop:1") as path:
        assert path.parent.is_dir()
        assert docker.calls()[-1][0] == ["save", "--output", str(path), "shop:1"]
    assert not path.parent.exists()


def test_the_kind_of_image_store_is_known(docker: FakeDocker) -> None:
    docker.answer("info", out='[["driver-type","io.containerd.snapshotter.v1"]]')
    assert Engine().keeps_blobs()
    docker.answer("info", out='[["Backing Filesystem","extfs"]]')
    assert not Engine().keeps_blobs()


def test_removing_spares_untagged_parents(docker: FakeDocker) -> None:
    docker.answer("image", code=1, err="No such image")
    Engine().remove("optimizer-verify-1:first")
    assert docker.calls()[-1][0] == ["image", "rm", "--force", "--no-prune", "optimizer-verify-1:first"]


def test_another_program_stands_in_for_docker(docker: FakeDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "finch"
    (tmp_path / "docker").rename(other)
    for name in ("finch", str(other)):
        monkeypatch.setenv("CDK_DOCKER", name)
        Engine().check()
    assert len(docker.calls()) == 2
    monkeypatch.setenv("CDK_DOCKER", "finsh")
    text = 'there is no "finsh", which CDK_DOCKER names, on this machine\n  hint: correct CDK_DOCKER, or unset it to run docker'
    assert refusal(Engine().check) == text
    other.chmod(0o644)
    monkeypatch.setenv("CDK_DOCKER", str(other))
    text = f'"{other}", which CDK_DOCKER names, cannot be run: Permission denied\n  hint: correct CDK_DOCKER, or unset it to run docker'
    assert refusal(Engine().check) == text
    # As with CDK: an empty name is a name.
    monkeypatch.setenv("CDK_DOCKER", "")
    assert refusal(Engine().check).startswith('"", which CDK_DOCKER names, cannot be run: ')


def test_the_own_program_is_no_engine(docker: FakeDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``CDK_DOCKER`` may name it for a whole job, and ``OPTIMIZER_DOCKER`` what it hands other calls to."""
    for name in ("optimizer-docker", "/usr/bin/optimizer-docker"):
        monkeypatch.setenv("CDK_DOCKER", name)
        Engine().check()
    monkeypatch.setenv("CDK_DOCKER", "wrapper")
    monkeypatch.setenv("OPTIMIZER_DOCKER_RUNS", "1")
    Engine().check()
    monkeypatch.setenv("OPTIMIZER_DOCKER", "finsh")
    text = 'there is no "finsh", which OPTIMIZER_DOCKER names, on this machine\n  hint: correct OPTIMIZER_DOCKER, or unset it to run docker'
    assert refusal(Engine().check) == text
    assert len(docker.calls()) == 3


# Like docker, which builds in a child; the child holds a lock as long as it lives, and says so if it is let live.
WITH_CHILD = """#!{python}
import fcntl, os, signal, sys, time
lock = open({lock!r}, "w")
fcntl.flock(lock, fcntl.LOCK_EX)
if os.fork() == 0:
    if {stubborn}:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.kill({parent}, signal.SIGINT)
    time.sleep(60)
    open({survived!r}, "w").close()
time.sleep(60)
"""


@pytest.mark.parametrize("stubborn", [False, True])
def test_an_interrupted_program_and_its_children_are_ended(stubborn: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimizer.adapters.engine._GRACE_S", 0.1 if stubborn else 30)
    lock, survived, program = tmp_path / "lock", tmp_path / "survived", tmp_path / "program"
    values = {"python": sys.executable, "lock": str(lock), "survived": str(survived), "parent": os.getpid(), "stubborn": stubborn}
    program.write_text(WITH_CHILD.format(**values))
    program.chmod(0o755)
    monkeypatch.setenv("CDK_DOCKER", str(program))
    with pytest.raises(KeyboardInterrupt):
        Engine().build([], tmp_path)
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
    assert not survived.exists()


def test_an_interrupt_while_a_program_is_started_ends_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program runs by then, and nobody would know of it."""
    started: list[subprocess.Popen[Any]] = []
    start = subprocess.Popen

    def interrupted(*arguments: Any, **options: Any) -> subprocess.Popen[Any]:
        started.append(start(*arguments, **options))
        signal.raise_signal(signal.SIGINT)
        return started[-1]

    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("CDK_DOCKER", str(program))
    monkeypatch.setattr(subprocess, "Popen", interrupted)
    for call in (lambda: Engine().build([], tmp_path), lambda: Engine().load(iter([b"one"]))):
        with pytest.raises(KeyboardInterrupt):
            call()
    assert [process.returncode for process in started] == [-signal.SIGTERM] * 2
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == [signal.default_int_handler, signal.SIG_DFL]


def test_a_program_that_gives_no_answer_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimizer.adapters.engine._QUESTION_S", 0)
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("CDK_DOCKER", str(program))
    assert refusal(Engine().check) == f"{program} version gave no answer within 0 seconds\n  hint: restart the engine"


def test_loads_an_archive_as_it_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDK_DOCKER", str(tmp_path / "engine"))
    (tmp_path / "engine").write_text(f'#!/bin/sh\n[ "$1" = load ] && exec cat > {tmp_path}/loaded\n')
    (tmp_path / "engine").chmod(0o755)
    Engine().load(iter([b"one", b"two"]))
    assert (tmp_path / "loaded").read_bytes() == b"onetwo"


def test_an_archive_that_is_refused_or_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDK_DOCKER", str(tmp_path / "engine"))
    program = tmp_path / "engine"
    program.write_text("#!/bin/sh\necho 'invalid diffID for layer 1' >&2\nexit 1\n")
    program.chmod(0o755)
    assert refusal(Engine().load, iter([b"x" * (1 << 20)] * 4)).startswith("the image cannot be loaded: invalid diffID for layer 1")
    program.write_text(f"#!/bin/sh\ncat > /dev/null\ntouch {tmp_path}/loaded\n")

    def breaks() -> Any:
        yield b"begin"
        raise EngineError("the registry went away")

    assert refusal(Engine().load, breaks()) == "the registry went away"
    assert not (tmp_path / "loaded").exists()
    program.unlink()
    assert "which CDK_DOCKER names" in refusal(Engine().load, iter([b""]))
