"""Images of this project, built for benchmarks on the stand-ins of AWS's bases."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from optimizer import ImageSpec, Lock
from optimizer.bases.mirror import Mirror
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.planning.plan import plan
from optimizer.project.files import Project
from tests.engine import standins

ROOT = Path(__file__).parents[1]
_TIMEOUT_S = 900


@dataclass(frozen=True)
class Built:
    """An image; ``seconds`` are those of each RUN of its stages in order, without what the engine does around them."""

    image: str
    seconds: tuple[float, ...]


@dataclass(frozen=True)
class Bench:
    """A project, and a registry with the bases that its lock pins."""

    project: Path
    registry: str

    def pin(self, *runtimes: str) -> None:
        options = [word for runtime in runtimes for word in ("--image", runtime)]
        argv = [sys.executable, "-m", "optimizer", "pin", "--mirror", self.registry, *options]
        subprocess.run(argv, cwd=self.project, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True, timeout=120)

    def build(self, spec: ImageSpec, *, cache: str = "") -> Built:
        """Build the image of a spec from nothing but the cache mounts of that name; an empty name is the engine's usual cache."""
        files = Project(self.project)
        lock = Lock.parse((self.project / "optimizer.lock").read_text(encoding="utf-8"))
        context = build_context(plan(spec, lock, files, mirror=Mirror.parse(self.registry)), files)
        directory = stage_context(context, files, self.project / "contexts")
        options = ["--no-cache", "--build-arg", f"BUILDKIT_CACHE_MOUNT_NS={cache}"] if cache else []
        with tempfile.TemporaryDirectory() as temporary:
            identifier = Path(temporary, "id")
            argv = ["build", "--network", "host", "--progress", "plain", "--iidfile", str(identifier), *options]
            progress = docker(*argv, "--platform", context.platform, str(directory))
            return Built(identifier.read_text(), _seconds(progress))


def docker(*arguments: str) -> str:
    """What the engine's client prints; ends the benchmark with its last lines when it fails."""
    result = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    if result.returncode != 0:
        raise SystemExit(f"docker {' '.join(arguments)} failed:\n{(result.stdout + result.stderr)[-3000:]}")
    return result.stdout + result.stderr


def _seconds(progress: str) -> tuple[float, ...]:
    runs = dict.fromkeys(re.findall(r"^#(\d+) \[.*\] RUN ", progress, re.MULTILINE))
    done = dict(re.findall(r"^#(\d+) DONE ([\d.]+)s$", progress, re.MULTILINE))
    return tuple(float(done[run]) for run in runs if run in done)


def layers(image: str) -> list[str]:
    """The digests of the uncompressed layers."""
    return list(json.loads(docker("image", "inspect", image))[0]["RootFS"]["Layers"])


def layer_sizes(image: str, directory: Path) -> tuple[int, int]:
    """Bytes of the files of the last layer, and of the layer as gzip packs it."""
    archive = directory / "image.tar"
    docker("save", "--output", str(archive), image)
    with tarfile.open(archive) as outer:
        name = json.load(outer.extractfile("manifest.json"))[0]["Layers"][-1]  # type: ignore[arg-type]
        with tarfile.open(fileobj=outer.extractfile(name)) as inner:
            files = sum(member.size for member in inner if member.isfile())
        with tempfile.TemporaryFile() as compressed:
            with gzip.GzipFile(fileobj=compressed, mode="wb", compresslevel=6) as file:
                shutil.copyfileobj(outer.extractfile(name), file)  # type: ignore[misc]
            packed = compressed.tell()
    archive.unlink()
    return files, packed


@contextlib.contextmanager
def bench(*names: str) -> Iterator[Bench]:
    """A bench in directories of its own, on the machine's engine."""
    with tempfile.TemporaryDirectory() as temporary:
        for name in ("project", "registry"):
            Path(temporary, name).mkdir()
        with standins.registry(Path(temporary, "registry"), names) as address:
            yield Bench(Path(temporary, "project"), address)
