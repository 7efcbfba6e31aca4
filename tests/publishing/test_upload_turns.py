"""Processes that push at once, as those of a parallel deployment, send a blob that all of them need once."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from optimizer import Files, SourceCode
from optimizer.adapters import upload_turns
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.upload_turns import upload_turn
from optimizer.model.publication import ImageResult
from optimizer.publishing.images import PublishImage
from optimizer.publishing.publish import publish
from tests.adapters.push_server import serving_pushes
from tests.adapters.registry_server import sha256
from tests.patience import PATIENCE_S
from tests.publishing.fleet import Fleet, base_layer

BASE = base_layer("base", b"\0" * 300_000)
HOLDER = """
import fcntl, resource, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
files = [open(f"{sys.argv[1]}/{number:03x}", "ab") for number in range(4096)]
for file in files:
    fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "lambda-image-optimizer" / "uploads"


@pytest.fixture
def fleet(tmp_path: Path, cache: Path) -> Iterator[Fleet]:
    (tmp_path / "project").mkdir()
    with serving_pushes() as registry:
        registry.mounts = False
        found = Fleet(registry, tmp_path / "project")
        found.add_base(BASE)
        yield found


@pytest.fixture
def holder(cache: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process, whose turn it is with everything."""
    cache.mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(cache)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def function(fleet: Fleet, number: int) -> PublishImage:
    fleet.write(f"functions/{number}/index.js", f"exports.handler = async () => {number};\n")
    fleet.write("models/ranker.bin", "model" * 1000)
    steps = (SourceCode(f"functions/{number}", name="code"), Files("models", to="/opt/ml/", name="models"))
    return fleet.image(*steps, name=f"App/{number}")


def published(image: PublishImage) -> ImageResult:
    with HttpRegistry(sleep=lambda seconds: None) as registry:
        return publish([image], registry)[0]


def test_a_base_is_sent_once_by_all_that_deploy_at_once(fleet: Fleet) -> None:
    """Requirement: "let the first upload of a blob be shared between processes"."""
    images = [function(fleet, number) for number in range(4)]
    fleet.registry.slow_answers_s = 0.3
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(published, images))
    assert [result.state for result in results] == ["pushed"] * 4
    assert fleet.registry.received == bytes_of_blobs(fleet, images), "each blob once"


def bytes_of_blobs(fleet: Fleet, images: list[PublishImage]) -> int:
    """The bytes of all blobs of the images, of each once."""
    blobs = {layer["digest"] for image in images for layer in fleet.manifest(image)["layers"]}  # type: ignore[attr-defined]
    blobs |= {fleet.manifest(image)["config"]["digest"] for image in images}  # type: ignore[index]
    return sum(len(fleet.registry.blobs[blob]) for blob in blobs)


def test_one_that_was_done_after_the_question_is_seen(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry has no blob, another process uploads it, and then nobody is in the way any more."""
    images = [function(fleet, number) for number in range(2)]
    base = sha256(gzip.compress(BASE, mtime=0))
    faster = iter([images[1]])

    def late(repository: str, digest: str, scratch: Path, ended: threading.Event) -> AbstractContextManager[bool]:
        if digest == base and (image := next(faster, None)) is not None:
            assert published(image).state == "pushed"
        return upload_turn(repository, digest, scratch, ended)

    monkeypatch.setattr("optimizer.publishing.publish.upload_turn", late)
    assert published(images[0]).state == "pushed"
    assert fleet.registry.received == bytes_of_blobs(fleet, images), "each blob once"


def test_a_turn_ends_with_its_process(fleet: Fleet, holder: subprocess.Popen[str]) -> None:
    """Requirement: "a killed holder must not block"."""
    image = function(fleet, 1)
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(published, image)
        time.sleep(0.5)
        assert not result.done()
        holder.kill()
        assert result.result(timeout=PATIENCE_S).state == "pushed"


def test_a_process_that_never_ends_is_not_waited_for(fleet: Fleet, holder: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "must never hang: bounded wait"."""
    monkeypatch.setattr(upload_turns, "_WAIT_S", 0.2)
    assert published(function(fleet, 1)).state == "pushed"
    assert holder.poll() is None


class EndedMeanwhile(threading.Event):
    """Is set by who waits for it."""

    def wait(self, timeout: float | None = None) -> bool:
        self.set()
        return True


def test_an_end_of_the_run_ends_the_wait(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    ended = EndedMeanwhile()
    with upload_turn("host/name", "sha256:1", tmp_path, ended) as waited:
        assert waited
    assert holder.poll() is None


def test_without_a_cache_that_can_be_written_nobody_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with upload_turn("host/name", "sha256:1", tmp_path / "file", threading.Event()) as waited:
        assert not waited
