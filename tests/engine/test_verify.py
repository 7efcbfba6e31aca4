"""``optimizer verify`` with the real engine: a function of the example app passes, and every planted fault is named."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
import tomlkit
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_lambda as lambda_

from optimizer.images import compare, explain
from optimizer.planning.plan import required_images
from stacks.storefront import api_image
from tests import forked
from tests.engine.daemon import Daemon
from tests.engine.recorded import RecordedDocker
from tests.patience import PATIENCE_S, wait_until

ROOT = Path(__file__).parents[2]
# One layer for each fault; everything else in it has a constant time.
FAULTS = """FROM {base} AS build
COPY lib/ /byte-code/var/task/lib/
RUN --network=none mkdir /written /named && date > /written/built.txt && mktemp /named/randomXXXXXXXX \\
 && touch -d @0 /written/built.txt /written /named/* /named \\
 && python3 -m compileall -q /byte-code && touch -d @0 /byte-code/var/task/lib/m.py
FROM scratch
COPY --from=build /written/ /
COPY --from=build /named/ /
COPY --from=build /byte-code/ /
COPY app.py /var/task/
CMD ["app.handler"]
"""


def start(*arguments: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "optimizer", *arguments]
    return subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(*arguments: str) -> tuple[int, str, str]:
    done = forked.run("optimizer", *arguments, cwd=ROOT)
    return done.returncode, done.stdout, done.stderr


def plain_app(directory: Path, dockerfile: str, network: str | None = None) -> Path:
    """The assembly of an app with one DockerImageFunction, whose build has the network."""
    source = directory / "source"
    (source / "lib").mkdir(parents=True)
    (source / "Dockerfile").write_text(dockerfile)
    (source / "app.py").write_text("def handler(event, context):\n    return 1\n")
    (source / "lib" / "m.py").write_text("X = 1\n")
    app = cdk.App(outdir=str(directory / "cdk.out"), context={"aws:cdk:enable-path-metadata": True})
    mode = ecr_assets.NetworkMode.custom(network) if network else None
    code = lambda_.DockerImageCode.from_image_asset(str(source), network_mode=mode)
    lambda_.DockerImageFunction(cdk.Stack(app, "Plain"), "Api", code=code, architecture=lambda_.Architecture.X86_64)
    app.synth()
    return directory / "cdk.out"


def leftovers(directory: Path, docker: RecordedDocker | Daemon) -> list[str]:
    return docker.leftovers() + [path.name for path in directory.glob("optimizer-*")]


def differences(layer: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(item["path"].partition("random")[0], item["field"], item["hint"]) for item in layer["differences"]}


def processes_in(directory: Path) -> Iterator[str]:
    """The processes of this machine that work below a directory, which may be gone."""
    for path in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if os.readlink(path).startswith(f"{directory}/"):
                yield path.parent.name


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory for temporary files of the command."""
    path = tmp_path / "temporary"
    path.mkdir()
    monkeypatch.setenv("TMPDIR", str(path))
    return path


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RecordedDocker:
    """The engine's client of the command."""
    recorded = RecordedDocker.write(tmp_path / "docker")
    monkeypatch.setenv("PATH", recorded.path)
    return recorded


def test_a_python_function_of_the_example_app_is_reproducible(
    registry: str, tmp_path: Path, temporary: Path, docker: RecordedDocker
) -> None:
    spec = api_image("functions/catalog", "x86_64")
    path, lock = tmp_path / "catalog.image.toml", tmp_path / "optimizer.lock"
    path.write_text(tomlkit.dumps(spec.to_dict()))
    options = [word for image in sorted(map(str, required_images(spec))) for word in ("--image", image)]
    assert run("pin", "--mirror", registry, "--lock", str(lock), *options)[0] == 0
    code, out, err = run("verify", str(path), "--lock", str(lock), "--mirror", registry, "--format", "json")
    assert code == 0, out + err
    (image,) = json.loads(out)["images"]
    assert image["reproducible"]
    assert {layer["verdict"] for layer in image["layers"]} == {"equal"}
    assert leftovers(temporary, docker) == []


def test_each_planted_fault_is_named(registry: str, tmp_path: Path, temporary: Path, docker: RecordedDocker) -> None:
    app = plain_app(tmp_path, FAULTS.format(base=f"{registry}/lambda/python:3.13-x86_64"))
    code, out, err = run("verify", str(app), "--function", "Plain/Api", "--format", "json")
    assert code == 1, out + err
    (image,) = json.loads(out)["images"]
    assert image["functions"] == ["Plain/Api"]
    written, named, compiled, copied = image["layers"]
    assert [layer["verdict"] for layer in image["layers"]] == ["content", "content", "content", "metadata"]
    assert differences(written) == {("built.txt", "content", explain.TIMESTAMP)}
    assert differences(named) == {("", "name", compare.RANDOM_NAME)}
    byte_code = "var/task/lib/__pycache__/m.cpython-313.pyc"
    assert {item for item in differences(compiled) if item[0].endswith((".pyc", ".py"))} == {
        (byte_code, "content", explain.BYTECODE_TIME),
        (byte_code, "mode", compare.MODE),
        (byte_code, "mtime", compare.CLOCK),
        ("var/task/lib/m.py", "mode", compare.MODE),
    }
    assert {("var", "mtime", compare.PARENT_TIME), ("var/task", "mtime", compare.PARENT_TIME)} <= differences(copied)
    assert {item for item in differences(copied) if item[0] == "var/task/app.py"} == {
        ("var/task/app.py", "mode", compare.MODE),
        ("var/task/app.py", "mtime", compare.SOURCE_TIME),
    }
    assert leftovers(temporary, docker) == []


def test_a_failing_build_says_why_and_leaves_nothing(registry: str, tmp_path: Path, temporary: Path, docker: RecordedDocker) -> None:
    app = plain_app(tmp_path, f"FROM {registry}/lambda/python:3.13-x86_64\nRUN --network=none echo the cause >&2; false\n")
    code, out, err = run("verify", str(app))
    assert (code, out) == (2, "")
    assert "error: Plain/Api: the build failed:\n" in err
    assert "the cause" in err
    assert "Traceback" not in err
    assert leftovers(temporary, docker) == []


@pytest.mark.parametrize("request_to_end", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_verification_leaves_nothing(
    request_to_end: signal.Signals, registry: str, tmp_path: Path, temporary: Path, docker: RecordedDocker
) -> None:
    # The second build is the one that waits, so that the image of the first is there to be removed.
    wait = f"RUN --network=none if [ $(stat -c %a /x) = 600 ]; then echo waiting; sleep {PATIENCE_S}; fi"
    app = plain_app(tmp_path, f"FROM {registry}/lambda/python:3.13-x86_64\nCOPY app.py /x\n{wait}\n")
    process = start("verify", str(app))
    wait_until(lambda: len(leftovers(temporary, docker)) >= 2, lost=lambda: process.poll() is not None)
    os.kill(process.pid, request_to_end)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out) == (130, "")
    assert err == "comparing two builds of Plain/Api\nerror: interrupted; no partial result is left\n"
    assert leftovers(temporary, docker) == []
    assert list(processes_in(temporary)) == []
