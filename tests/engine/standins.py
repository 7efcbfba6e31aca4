"""Stand-ins for the AWS-provided base images and for the builder images, made of Debian packages.

They have the layout of the real ones (entrypoint, ``/var/task``,
``/var/runtime`` with a runtime client, environment; no ``find``, ``tar`` or
``gzip``) under the same repository paths in a registry of this machine, and
under the same kinds of tag: one per architecture, and an index over both.  The
images for arm64 are almost empty: nothing may run in them on this machine.

They are built once, by their content, and what a registry stored of them stays
on the machine: a push compresses gigabytes, so every run starts on links to
it.  ``python3 -m tests.engine.standins`` makes them before the first run does.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.engine import services
from tests.patience import PATIENCE_S

RECIPES = Path(__file__).parent / "standin"
# What others stand on first, then the largest.
IMAGES = {
    "maven": "docker/library/maven:3.9-amazoncorretto-21",
    "rust": "docker/library/rust:1-alpine",
    "golang": "docker/library/golang:1.25",
    "nodejs": "lambda/nodejs:22",
    "gradle": "docker/library/gradle:8-jdk21",
    "java": "lambda/java:21",
    "python": "lambda/python:3.13",
    "ruby": "lambda/ruby:3.3",
    "provided": "lambda/provided:al2023",
}
# The Java stand-in compiles its runtime client with Maven's, and Gradle's stands on it.
_WITH_MAVEN = ("java", "gradle")
_building = {name: threading.Lock() for name in IMAGES}
STATE = Path(
    os.environ.get("OPTIMIZER_ENGINE_STATE", "/var/lib/optimizer-engine" if os.geteuid() == 0 else Path.home() / ".cache/optimizer-engine")
)
"""What stays on this machine between runs; ``.ci/setup-engine`` has its engine there too."""
_SUITE = "trixie"
_CA = Path(os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"))


@contextlib.contextmanager
def registry(directory: Path, names: Iterable[str] = tuple(IMAGES)) -> Iterator[str]:
    """A registry with the stand-ins of the names; gives its ``host:port``."""
    try:
        yield start_registry(directory, names)
    finally:
        services.stop_registry(directory)


def start_registry(directory: Path, names: Iterable[str] = tuple(IMAGES)) -> str:
    """Start a registry with the stand-ins of the names, which are built first where they are not; gives its ``host:port``."""
    kept = STATE / "standins"
    kept.mkdir(parents=True, exist_ok=True)
    # Whoever comes meanwhile would build and push the same.
    with locked(kept / "lock"):
        if (kept / "blobs").exists():
            _copy(kept / "blobs", directory / "blobs")
        address = services.start_registry(directory)
        common, foreign = common_image(), _foreign()
        _in_parallel(lambda name: _push(f"{address}/{IMAGES[name]}", _build(name, common), foreign), names)
        shutil.rmtree(kept / "next", ignore_errors=True)
        _copy(directory / "blobs", kept / "next")
        shutil.rmtree(kept / "blobs", ignore_errors=True)
        (kept / "next").rename(kept / "blobs")
    return address


def _copy(storage: Path, target: Path) -> None:
    """Copy what a registry stored, with links to what it never changes."""

    def copy(source: str, target: str) -> None:
        if os.path.basename(source) == "data":
            # Not possible from one file system to another.
            with contextlib.suppress(OSError):
                os.link(source, target)
                return
        shutil.copyfile(source, target)

    shutil.copytree(storage, target, copy_function=copy)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process of this machine at a time."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def push_patched_standins(registry: str, prefix: str, names: Iterable[str] = tuple(IMAGES)) -> None:
    """Push the stand-ins once more under a prefix, as AWS publishes a patched image: with a layer more."""
    common, foreign = common_image(), _foreign()
    _in_parallel(lambda name: _push(f"{registry}/{prefix}/{IMAGES[name]}", patched(_build(name, common)), foreign), names)


def patched(image: str) -> str:
    """The id of a local image with a layer more."""
    recipe = f"FROM {image}\nRUN echo patched > /etc/patched\n"
    argv = ["docker", "build", "--quiet", "--network", "none", "-"]
    return subprocess.run(argv, input=recipe, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout.strip()


def _in_parallel(work: Callable[[str], None], names: Iterable[str]) -> None:
    """Do the work for each name; to unpack and to compress take one core each."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(work, names))


def _push(remote: str, local: str, foreign: str) -> None:
    """Push an image for each architecture, and the index over both."""
    for architecture, image in (("x86_64", local), ("arm64", foreign)):
        _docker("tag", image, f"{remote}-{architecture}")
        _docker("push", "--quiet", f"{remote}-{architecture}")
        _docker("rmi", f"{remote}-{architecture}")
    _docker("buildx", "imagetools", "create", "--tag", remote, f"{remote}-x86_64", f"{remote}-arm64")


def common_image() -> str:
    """Debian with what this machine trusts; the image that every stand-in stands on."""
    debian = f"optimizer-standin/debian:{_SUITE}"
    if not _exists(debian):
        _import_debian(debian)
    with tempfile.TemporaryDirectory() as directory:
        shutil.copy(_CA, Path(directory, "ca-certificates.crt"))
        shutil.copy(RECIPES / "common" / "Dockerfile", directory)
        tag = f"optimizer-standin/common:{_digest(Path(directory))}"
        if not _exists(tag):
            _docker("build", "--quiet", "--build-arg", f"DEBIAN={debian}", "--tag", tag, directory)
    return tag


def _foreign() -> str:
    """An image for arm64, made of one copied file."""
    recipe = RECIPES / "foreign"
    tag = f"optimizer-standin/foreign:{_digest(recipe)}"
    if not _exists(tag):
        _docker("build", "--quiet", "--platform", "linux/arm64", "--tag", tag, str(recipe))
    return tag


def _build(name: str, common: str) -> str:
    tag = _tag(name, common)
    arguments = ["--build-arg", f"DEBIAN={common}"]
    if name in _WITH_MAVEN:
        arguments += ["--build-arg", f"MAVEN={_build('maven', common)}"]
    with _building[name]:
        if _exists(tag):
            return tag
        _docker("build", "--quiet", *arguments, "--file", str(RECIPES / name / "Dockerfile"), "--tag", tag, str(RECIPES))
    return tag


def _tag(name: str, common: str) -> str:
    """The local name of a stand-in, from everything that it is made of."""
    parts = [common, _digest(RECIPES / "common"), _digest(RECIPES / name)]
    if name in _WITH_MAVEN:
        parts.append(_tag("maven", common))
    return f"optimizer-standin/{name}:{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:16]}"


def _import_debian(tag: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory, "root")
        command = ["debootstrap", "--variant=minbase", "--include=ca-certificates", _SUITE, str(root), _mirror()]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=600)
        archive = Path(directory, "root.tar")
        subprocess.run(["tar", "--create", "--file", str(archive), "--directory", str(root), "."], check=True, timeout=PATIENCE_S)
        _docker("import", str(archive), tag)


def _mirror() -> str:
    """The Debian mirror of this machine's own apt sources."""
    for path in sorted(Path("/etc/apt").glob("sources.list*/*.sources")):
        for line in path.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "URIs" and "debian" in value:
                return value.split()[0]
    for path in [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*.list"))]:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        for line in lines:
            urls = [word for word in line.split() if "://" in word and "debian" in word]
            if line.startswith("deb ") and urls:
                return urls[0]
    raise RuntimeError("the stand-ins need a Debian machine, and this one has no Debian mirror in its apt sources")


def _digest(directory: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(item for item in directory.rglob("*") if item.is_file()):
        digest.update(path.relative_to(directory).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _exists(tag: str) -> bool:
    return subprocess.run(["docker", "image", "inspect", tag], capture_output=True, check=False, timeout=PATIENCE_S).returncode == 0


def _docker(*arguments: str) -> None:
    result = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=900)
    if result.returncode != 0:
        raise RuntimeError(f"docker {' '.join(arguments)} failed:\n{result.stdout}{result.stderr}")


if __name__ == "__main__":
    # So that the registry is stopped too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory() as anywhere, registry(Path(anywhere)):
        pass
