"""Nothing is lost: what breaks in the middle says so, and the next run succeeds."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from optimizer import Command, ImageSpec, Lock, NodeDependencies, SourceCode, plan
from optimizer.bases.mirror import Mirror
from optimizer.builders.docker.context import BuildContext, build_context, stage_context
from optimizer.errors import ContextError
from optimizer.project.files import Project
from tests.adapters.registry_server import serving
from tests.engine import services
from tests.engine.daemon import Daemon, daemon
from tests.engine.example import ROOT, pin
from tests.patience import PATIENCE_S


@pytest.fixture
def gate() -> Iterator[socket.socket]:
    """Where a step waits as long as it is open; a connection tells that the step runs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_S)
        yield server


@pytest.fixture
def context(registry: str, gate: socket.socket, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build context of an image with a step that waits at the gate."""
    directory = tmp_path_factory.mktemp("killed")
    (directory / "functions").mkdir()
    (directory / "functions" / "bootstrap").write_text("#!/bin/sh\n")
    pin(registry, directory / "optimizer.lock")
    lock = Lock.parse((directory / "optimizer.lock").read_text())
    wait = f"{{ read -r _ <&3; }} 3<>/dev/tcp/127.0.0.1/{gate.getsockname()[1]}"
    work = Command([["bash", "-c", f"mkdir -p /layer/tree/opt; {wait}; seq 100000 | sha256sum > /layer/tree/opt/sum"]], name="work")
    spec = ImageSpec(runtime="provided.al2023", steps=[SourceCode("functions"), work])
    project = Project(directory)
    made = build_context(plan(spec, lock, root=directory, mirror=Mirror.parse(registry)), project)
    return stage_context(made, project, directory / "staged")


def layers(image: str) -> list[str]:
    argv = ["docker", "image", "inspect", "--format", "{{json .RootFS.Layers}}", image]
    return list(json.loads(subprocess.run(argv, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout))


def test_a_killed_build_leaves_nothing_behind_that_changes_the_next(context: Path, gate: socket.socket) -> None:
    argv = ["docker", "build", "--network", "host", "--quiet", "--no-cache", str(context)]
    killed = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with contextlib.closing(gate.accept()[0]):
        killed.kill()
        assert killed.wait(PATIENCE_S) == -signal.SIGKILL
        gate.close()
    images = []
    for options in ([], ["--no-cache"]):
        argv = ["docker", "build", "--network", "host", "--quiet", *options, str(context)]
        result = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert result.returncode == 0, result.stderr
        images.append(layers(result.stdout.strip()))
    assert images[0] == images[1]


def test_a_lock_of_yarn_that_does_not_fit_is_refused(registry: str, tmp_path: Path) -> None:
    """What installs without development dependencies would resolve anew what the lock lacks, and say nothing."""
    shutil.copytree(Path(__file__).parent / "projects" / "yarn-berry", tmp_path, dirs_exist_ok=True)
    package = tmp_path / "package.json"
    package.write_text(package.read_text().replace('"mustache": "4.2.0"', '"mustache": "4.1.0"'))
    pin(registry, tmp_path / "optimizer.lock")
    lock = Lock.parse((tmp_path / "optimizer.lock").read_text())
    project = Project(tmp_path)
    spec = ImageSpec(runtime="nodejs22.x", steps=[NodeDependencies("yarn.lock")])
    made = build_context(plan(spec, lock, root=tmp_path, mirror=Mirror.parse(registry)), project)
    argv = ["docker", "build", "--progress", "plain", str(stage_context(made, project, tmp_path / "staged"))]
    result = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert result.returncode != 0
    assert "yarn.lock does not fit package.json: it lacks mustache@npm:4.1.0 as mustache@npm:4.1.0; run yarn install" in result.stderr


class Line:
    """A line to a registry, which breaks after a number of bytes until it is repaired."""

    def __init__(self, target: str, bytes_max: int) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self.bytes_left: float = bytes_max
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def repair(self) -> None:
        self.bytes_left = float("inf")

    def close(self) -> None:
        self._server.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                registry = socket.create_connection(self._target, timeout=PATIENCE_S)
                for source, sink, counted in ((client, registry, True), (registry, client, False)):
                    threading.Thread(target=self._pump, args=(source, sink, counted), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if counted:
                    self.bytes_left -= len(data)
                if self.bytes_left < 0:
                    break
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def pushing_engine(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """An engine that gives a push up at once: with the classic image store it goes on for a minute."""
    # The path of a socket has an end at 104 characters.
    with daemon(tmp_path_factory.mktemp("push"), containerd_store=True) as made:
        yield made


def test_a_push_that_breaks_off_says_so_and_the_next_push_succeeds(pushing_engine: Daemon, registry: str, tmp_path: Path) -> None:
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "data").write_bytes(random.Random(3).randbytes(3_000_000))
    (tmp_path / "context" / "Dockerfile").write_text("FROM scratch\nCOPY data /data\n")
    line = Line(registry, 1_000_000)
    try:
        reference = f"{line.address}/broken:1"
        pushing_engine.docker("build", "--tag", reference, str(tmp_path / "context"))
        broken = pushing_engine.docker("push", reference, check=False)
        assert broken.returncode != 0
        assert any(word in broken.stderr for word in ("EOF", "connection reset", "broken pipe", "closed")), broken.stderr
        line.repair()
        pushing_engine.docker("push", reference)
    finally:
        line.close()
    (layer,) = services.manifest(registry, "broken", "1")["layers"]
    assert layer["size"] >= 3_000_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    if os.geteuid() != 0:
        if os.environ.get("OPTIMIZER_REQUIRE_ENGINE") == "1":
            pytest.fail("OPTIMIZER_REQUIRE_ENGINE=1, and only root can mount a disk")
        pytest.skip("only root can mount a disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)], check=True, timeout=PATIENCE_S)
    yield disk
    subprocess.run(["umount", str(disk)], check=True, timeout=PATIENCE_S)


@contextlib.contextmanager
def full(disk: Path) -> Iterator[None]:
    """The disk without a free byte."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    yield
    filler.unlink()


def optimizer(*arguments: str, directory: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-m", "optimizer", *arguments]
    return subprocess.run(argv, cwd=directory, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def large_context(directory: Path) -> tuple[BuildContext, Project]:
    (directory / "functions").mkdir(parents=True)
    for number in range(4):
        (directory / "functions" / f"{number}.bin").write_bytes(bytes(500_000))
    lock = Lock.parse((ROOT / "optimizer.lock").read_text())
    project = Project(directory)
    spec = ImageSpec(runtime="python3.13", steps=[SourceCode("functions")])
    return build_context(plan(spec, lock, root=directory), project), project


def test_a_full_disk_leaves_no_part_of_a_build_context(small_disk: Path, tmp_path: Path) -> None:
    context, project = large_context(tmp_path / "project")
    with pytest.raises(ContextError, match="cannot be written to .*: No space left on device") as raised:
        stage_context(context, project, small_disk)
    assert "free some space" in str(raised.value)
    assert list(small_disk.iterdir()) == []
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True, timeout=PATIENCE_S)
    directory = stage_context(context, project, small_disk)
    with tarfile.open(next(directory.glob("layers/*.tar"))) as archive:
        sizes = {item.name: item.size for item in archive if item.isfile()}
    assert sizes == {f"var/task/{number}.bin": 500_000 for number in range(4)}


def test_a_full_disk_leaves_the_lock_as_it_was(small_disk: Path) -> None:
    lock = small_disk / "optimizer.lock"
    with serving() as server:
        server.index("lambda/python:3.13")
        server.index("lambda/nodejs:22")
        arguments = ["pin", "--mirror", server.host, "--lock", str(lock), "--image"]
        assert optimizer(*arguments, "python3.13", directory=small_disk).returncode == 0
        before = lock.read_bytes()
        with full(small_disk):
            result = optimizer(*arguments, "nodejs22.x", directory=small_disk)
        assert result.returncode == 2
        assert f'error: the lock "{lock}" cannot be written: No space left on device\n  hint: ' in result.stderr
        assert lock.read_bytes() == before
        assert [path.name for path in small_disk.iterdir()] == ["optimizer.lock"]
        assert optimizer(*arguments, "nodejs22.x", directory=small_disk).returncode == 0
    assert "lambda/nodejs:22" in lock.read_text()


def test_a_full_disk_leaves_the_bake_file_as_it_was(small_disk: Path, tmp_path: Path) -> None:
    context, project = large_context(tmp_path / "project")
    assembly = tmp_path / "cdk.out"
    asset = stage_context(context, project, assembly).name
    image = {"source": {"directory": asset}, "destinations": {"here": {"repositoryName": "images", "imageTag": "1"}}}
    artifacts = {
        "Stack": {"type": "aws:cloudformation:stack", "dependencies": ["Stack.assets"], "properties": {"templateFile": "Stack.json"}},
        "Stack.assets": {"type": "cdk:asset-manifest", "properties": {"file": "Stack.assets.json"}},
    }
    for name, document in (
        ("manifest.json", {"artifacts": artifacts}),
        ("Stack.assets.json", {"dockerImages": {asset: image}}),
        ("Stack.json", {}),
    ):
        (assembly / name).write_text(json.dumps(document))
    bake = small_disk / "bake.json"
    bake.write_text("{}")
    arguments = ["bake", str(assembly), "--repository", "registry.example.com/images", "--output", str(bake)]
    with full(small_disk):
        result = optimizer(*arguments, directory=tmp_path)
    assert result.returncode == 2
    assert f'error: the bake file "{bake}" cannot be written: No space left on device\n  hint: ' in result.stderr
    assert bake.read_text() == "{}"
    assert [path.name for path in small_disk.iterdir()] == ["bake.json"]
    assert optimizer(*arguments, directory=tmp_path).returncode == 0
    assert len(json.loads(bake.read_text())["target"]) == 1
