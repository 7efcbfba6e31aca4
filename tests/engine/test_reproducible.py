"""Every toolchain for real: what it makes is the same layer under every difference between two machines.

Each image holds one layer per case, and is built twice.  The second build is
cold, in another directory, for a function of another name, from a checkout of
another umask and other times, on a patched base and with patched builders.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import tarfile
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from optimizer import (
    Command,
    Extension,
    Files,
    GoBuild,
    ImageSpec,
    JavaBuild,
    Lock,
    NodeDependencies,
    PythonDependencies,
    RubyDependencies,
    RustBuild,
    SourceCode,
    SystemPackages,
    plan,
)
from optimizer.bases.mirror import Mirror
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.model.plan import TIMESTAMP, BuildPlan
from optimizer.model.reference import ImageReference
from optimizer.model.steps import Step
from optimizer.planning.plan import required_images
from optimizer.project.files import Project
from tests.engine.daemon import Daemon, daemon
from tests.engine.planned import pinned
from tests.engine.services import invoke
from tests.engine.standins import push_patched_standins
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
PROJECTS = Path(__file__).parent / "projects"
# The example app's own functions serve as projects where they can.
SOURCES = {"maven": ROOT / "functions" / "invoice", "go": ROOT / "functions" / "ingest"}
PATCHED = "patched"
EXTENSION = ImageReference.parse("public.ecr.aws/extensions/telemetry:1")
RUST = ImageReference.parse("public.ecr.aws/docker/library/rust:1-alpine")
HOUSE = ImageReference.parse("public.ecr.aws/house/python:1")
GRADLE = ImageReference.parse("public.ecr.aws/docker/library/gradle:8-jdk21")
ODD_FUNCTION = "käse & $HOME's"
ODD_NAMES = ("with space", "käse ✓", "$HOME", "star*", "[1]", "'quotes\"", ".hidden", "-dash", "..two", "back\\slash")
HANDLER = """\
import docopt
import markupsafe
import six
import tabulate


def handler(event, context):
    with open("/opt/data/with space") as file:
        return {"escaped": str(markupsafe.escape(event["text"])), "table": tabulate.tabulate([[six.text_type(1)]]), "data": file.read()}
"""

# What makes each layer; the argument is the directory of the function in the project.
STEPS: Mapping[str, Mapping[str, Callable[[str], Step]]] = {
    "python3.13": {
        "pip": lambda at: PythonDependencies(f"{at}/pip/requirements.txt", installer="pip", name="pip"),
        "pip-hashed": lambda at: PythonDependencies(f"{at}/pip-hashed/requirements.txt", name="pip-hashed"),
        "uv": lambda at: PythonDependencies(f"{at}/uv/uv.lock", groups=["reports"], name="uv"),
        "poetry": lambda at: PythonDependencies(f"{at}/poetry/poetry.lock", groups=["reports"], name="poetry"),
        "pipenv": lambda at: PythonDependencies(f"{at}/pipenv/Pipfile.lock", name="pipenv"),
        "extension": lambda at: Extension(f"{at}/extension.sh", name="extension"),
        "extension-image": lambda at: Extension(image=EXTENSION, name="extension-image"),
        "files": lambda at: Files(f"{at}/files", to="/opt/data/", name="files"),
        "odd-file": lambda at: Files(f"{at}/odd/räton ker[1] $x.json", to="/opt/odd/räton ker[1] $x.json", name="odd-file"),
        "code": lambda at: SourceCode(f"{at}/code", name="code"),
        "command": lambda at: Command(
            [
                [
                    "sh",
                    "-c",
                    "umask 077; mkdir -p /layer/tree/opt/made; date > /tmp/now; cp /var/task/app.py /layer/tree/opt/made/app.py; cp -R functions/*/files /layer/tree/opt/made/",
                ]
            ],
            inputs=[f"{at}/files"],
            after=["code"],
            name="command",
        ),
    },
    "nodejs22.x": {
        "npm": lambda at: NodeDependencies(f"{at}/npm/package-lock.json", name="npm"),
        "yarn-classic": lambda at: NodeDependencies(f"{at}/yarn-classic/yarn.lock", name="yarn-classic"),
        "yarn-berry": lambda at: NodeDependencies(f"{at}/yarn-berry/yarn.lock", name="yarn-berry"),
        "pnpm": lambda at: NodeDependencies(f"{at}/pnpm/pnpm-lock.yaml", name="pnpm"),
    },
    "java21": {
        "maven": lambda at: JavaBuild(f"{at}/maven", name="maven"),
        "gradle": lambda at: JavaBuild(f"{at}/gradle", tool="gradle", name="gradle"),
        "maven-modules": lambda at: JavaBuild(f"{at}/maven-modules", module="functions/invoice", name="maven-modules"),
        "gradle-modules": lambda at: JavaBuild(f"{at}/gradle-modules", tool="gradle", module="functions/invoice", name="gradle-modules"),
    },
    "provided.al2023": {
        "go": lambda at: GoBuild(f"{at}/go", name="go"),
        "rust": lambda at: RustBuild(f"{at}/rust", name="rust"),
        # Alpine's tools normalise what only its owner may run.
        "tool": lambda at: Command(
            [
                ["mkdir", "-m", "0700", "/layer/tree/opt"],
                ["cp", "/bin/true", "/layer/tree/opt/tool"],
                ["chmod", "0700", "/layer/tree/opt/tool"],
            ],
            image=RUST,
            name="tool",
        ),
    },
    "ruby3.3": {
        "ruby": lambda at: RubyDependencies(f"{at}/ruby/Gemfile.lock", build_packages=["make"], name="ruby"),
        "code": lambda at: SourceCode(f"{at}/ruby", exclude=["Gemfile*"], name="code"),
    },
    # A base image of a company, and code on a system that is changed in place.
    "house": {
        "system": lambda at: SystemPackages(["make"], name="system"),
        "code": lambda at: SourceCode(f"{at}/code", name="code"),
        "command": lambda at: Command(
            [["make", "--version"], ["mkdir", "/layer/tree/opt"], ["touch", "/layer/tree/opt/made"]], after=["system"], name="command"
        ),
    },
}
REPRESENTATIVE = {
    "python3.13": ("uv", "code"),
    "nodejs22.x": ("npm",),
    "java21": ("maven",),
    "provided.al2023": ("go",),
    "ruby3.3": ("ruby",),
}
"""The cases that are built in both image stores; an engine of its own pulls every image first, and Rust's is large."""


OF_THE_NETWORK = re.compile(r"retr(y|ied|ying)\b|timed? ?out|Request took|ECONNRESET|network", re.IGNORECASE)
"""What installers warn of where a server is slow."""


@dataclass(frozen=True)
class Layer:
    """A layer of a pushed image: what it is before and after compression."""

    diff_id: str
    digest: str


@dataclass(frozen=True)
class Image:
    """A built and pushed image: its layers above the base by the name of the stage that made them."""

    registry: str
    repository: str
    made: BuildPlan
    log: str
    layers: Mapping[str, Layer]

    def entries(self, name: str) -> dict[str, tarfile.TarInfo]:
        """The entries of a layer by path."""
        url = f"http://{self.registry}/v2/{self.repository}/blobs/{self.layers[name].digest}"
        with (
            urllib.request.urlopen(url, timeout=PATIENCE_S) as answer,
            tarfile.open(fileobj=io.BytesIO(gzip.decompress(answer.read()))) as layer,
        ):
            return {member.name: member for member in layer}


@dataclass(frozen=True)
class Machine:
    """One of the two machines that build: where it gets images, what its checkouts look like, which engine it has."""

    registry: str
    mirror: Mirror
    lock: Lock
    directory: Path
    function: str
    file_mode: int
    seconds: int | None
    options: tuple[str, ...]
    engine: Daemon

    def build(self, runtime: str, names: tuple[str, ...], tag: str) -> Image:
        """Build as CDK does, but with the host's network, which an engine without a bridge of its own needs; push."""
        root = self.directory / "checkout"
        at = f"functions/{self.function}"
        write_project(root / at, names)
        self._age(root)
        steps = [STEPS[runtime][name](at) for name in names]
        spec = ImageSpec(runtime="python3.13", base=HOUSE, steps=steps) if runtime == "house" else ImageSpec(runtime=runtime, steps=steps)
        made = plan(spec, self.lock, root=root, mirror=self.mirror)
        project = Project(root)
        context = build_context(made, project)
        directory = stage_context(context, project, self.directory)
        self._age(directory)
        repository = f"reproducible/{tag}"
        remote = f"{self.registry}/{repository}:1"
        options = ("--progress", "plain", "--network", "host", "--platform", context.platform, *self.options)
        log = self.engine.docker("build", *options, "--tag", remote, str(directory)).stderr
        shutil.rmtree(root)
        self.engine.docker("push", "--quiet", remote)
        return Image(self.registry, repository, made, log, read_layers(self.registry, repository, made))

    def _age(self, directory: Path) -> None:
        """Give the files the modes and times of a checkout on this machine."""
        for path in sorted(directory.rglob("*"), reverse=True):
            if not path.is_symlink():
                executable = path.is_dir() or path.stat().st_mode & 0o111
                # Who may read may also search or execute.
                path.chmod(self.file_mode | (self.file_mode & 0o444) >> 2 if executable else self.file_mode)
            if self.seconds is not None:
                os.utime(path, (self.seconds, self.seconds), follow_symlinks=False)


def write_project(at: Path, names: tuple[str, ...]) -> None:
    """The files of a function's project, as a checkout has them."""
    for name in names:
        source = SOURCES.get(name, PROJECTS / name)
        if source.is_dir():
            shutil.copytree(source, at / name)
    if "code" in names and not (at / "ruby").is_dir():
        write(at / "code" / "app.py", HANDLER)
        write(at / "code" / "__pycache__" / "app.pyc", str(uuid.uuid4()))
    if "files" in names:
        write(at / "files" / "bin" / "run", "#!/bin/sh\n").chmod(0o755)
        for name in ODD_NAMES:
            write(at / "files" / name, name)
        (at / "files" / "link").symlink_to("bin/run")
        (at / "files" / "dangling").symlink_to("nowhere")
        (at / "files" / "directory-link").symlink_to("bin")
        (at / "files" / "empty" / "inner").mkdir(parents=True)
        write(at / "odd" / "räton ker[1] $x.json", "{}")
        write(at / "extension.sh", "#!/bin/sh\n")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def read_layers(registry: str, repository: str, made: BuildPlan) -> dict[str, Layer]:
    manifest = json.loads(fetch(f"http://{registry}/v2/{repository}/manifests/1"))
    configuration = json.loads(fetch(f"http://{registry}/v2/{repository}/blobs/{manifest['config']['digest']}"))
    digests = [layer["digest"] for layer in manifest["layers"]]
    layers = list(map(Layer, configuration["rootfs"]["diff_ids"], digests))
    return dict(zip(made.layers, layers[-len(made.layers) :]))


def fetch(url: str) -> bytes:
    kinds = ("application/vnd.docker.distribution.manifest.v2+json", "application/vnd.oci.image.manifest.v1+json")
    request = urllib.request.Request(url, headers={"Accept": ", ".join(kinds)})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return bytes(answer.read())


def push_own_images(registry: str, prefix: str, owner: str, directory: Path) -> None:
    """An extension in an image, whose files belong to someone, and a base image of a company."""
    write(directory / "extension" / "opt" / "extensions" / "telemetry", "#!/bin/sh\n").chmod(0o700)
    write(directory / "extension" / "Dockerfile", f"FROM scratch\nCOPY --chown={owner} opt /opt\n")
    write(directory / "house" / "Dockerfile", f"FROM {registry}/{prefix}lambda/python:3.13\nCOPY Dockerfile /opt/house/\n")
    for name, image in (("extension", EXTENSION), ("house", HOUSE)):
        remote = f"{registry}/{prefix}{image.repository}:{image.tag}"
        Daemon({}).docker("build", "--quiet", "--tag", remote, str(directory / name))
        Daemon({}).docker("push", "--quiet", remote)


def pin(registry: str, directory: Path) -> Lock:
    specs = [
        ImageSpec(runtime=runtime, steps=[step("x") for step in steps.values()]) for runtime, steps in STEPS.items() if runtime != "house"
    ]
    images = {GRADLE, HOUSE, *(image for spec in specs for image in required_images(spec))}
    return pinned(registry, directory / "optimizer.lock", *sorted(map(str, images)))


@pytest.fixture(scope="module")
def sources(registry: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Lock]:
    """The locks of the two machines by the prefix under which they get their images."""
    push_patched_standins(registry, PATCHED)
    locks = {}
    for prefix, owner in (("", "1000:1000"), (f"{PATCHED}/", "2000:0")):
        directory = tmp_path_factory.mktemp("images")
        push_own_images(registry, prefix, owner, directory)
        locks[prefix] = pin(f"{registry}/{prefix}".rstrip("/"), directory)
    return locks


def machines(registry: str, sources: Mapping[str, Lock], directory: Path, engine: Daemon) -> tuple[Machine, Machine]:
    """A machine, and the one that differs from it in everything that must not matter."""
    (directory / "another directory").mkdir()
    one = Machine(
        registry=registry,
        mirror=Mirror.parse(registry),
        lock=sources[""],
        directory=directory,
        function="shop",
        file_mode=0o664,
        seconds=None,
        options=(),
        engine=engine,
    )
    other = Machine(
        registry=registry,
        mirror=Mirror.parse(f"{registry}/{PATCHED}"),
        lock=sources[f"{PATCHED}/"],
        directory=directory / "another directory",
        function=ODD_FUNCTION,
        file_mode=0o600,
        seconds=1_000_000_000,
        # Neither layers nor the contents of cache mounts.
        options=("--no-cache", "--build-arg", f"BUILDKIT_CACHE_MOUNT_NS={uuid.uuid4()}"),
        engine=engine,
    )
    return one, other


@dataclass
class Builds:
    """The pairs of images, built when they are first asked for."""

    pair: tuple[Machine, Machine]
    names: Mapping[str, tuple[str, ...]]
    prefix: str
    built: dict[str, tuple[Image, Image]]

    def of(self, runtime: str) -> tuple[Image, Image]:
        if runtime not in self.built:
            one, other = (
                machine.build(runtime, self.names[runtime], f"{self.prefix}/{number}/{runtime}") for number, machine in enumerate(self.pair)
            )
            self.built[runtime] = (one, other)
        return self.built[runtime]


@pytest.fixture(scope="module")
def builds(registry: str, sources: dict[str, Lock], tmp_path_factory: pytest.TempPathFactory) -> Builds:
    """Builds with the machine's engine, whose images are in Docker's own store."""
    pair = machines(registry, sources, tmp_path_factory.mktemp("classic"), Daemon({}))
    return Builds(pair, {runtime: tuple(steps) for runtime, steps in STEPS.items()}, "classic", {})


@pytest.fixture(scope="module")
def containerd_builds(registry: str, sources: dict[str, Lock], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builds]:
    """Builds with an engine that has containerd's image store."""
    with daemon(tmp_path_factory.mktemp("engine"), containerd_store=True) as engine:
        pair = machines(registry, sources, tmp_path_factory.mktemp("containerd"), engine)
        yield Builds(pair, REPRESENTATIVE, "containerd", {})


def stages(runtime: str, name: str) -> tuple[str, ...]:
    """The layers that a case makes."""
    return (f"{name}-dependencies", f"{name}-classes") if runtime == "java21" else (name,)


CASES = [(runtime, stage) for runtime, steps in STEPS.items() for name in steps if name != "system" for stage in stages(runtime, name)]


@pytest.mark.parametrize(("runtime", "name"), CASES)
def test_a_layer_is_the_same_on_another_machine(runtime: str, name: str, builds: Builds) -> None:
    """Requirement: "equal inputs give equal layer digests after a full cache prune, with other source times and umask, in
    another directory, in another function, on a patched base"."""
    one, other = builds.of(runtime)
    assert one.made.base.digest != other.made.base.digest
    assert one.layers[name] == other.layers[name]


@pytest.mark.parametrize("runtime", STEPS)
def test_an_image_builds_without_a_warning(runtime: str, builds: Builds) -> None:
    for image in builds.of(runtime):
        found = [line for line in image.log.splitlines() if re.search(r"\bwarn(ing)?s?\b", line, re.IGNORECASE)]
        assert [line for line in found if not OF_THE_NETWORK.search(line)] == []


@pytest.mark.parametrize(("runtime", "name"), CASES)
def test_every_entry_can_be_read_by_the_user_of_lambda(runtime: str, name: str, builds: Builds) -> None:
    """Requirement: "File modes and owners right for Lambda's unprivileged user whatever the checkout's"."""
    entries = builds.of(runtime)[1].entries(name)
    assert entries
    for path, entry in entries.items():
        assert (entry.uid, entry.gid, entry.mtime) == (0, 0, TIMESTAMP), path
        assert entry.issym() or entry.mode in ((0o755,) if entry.isdir() else (0o644, 0o755)), path
        assert path.split("/")[0] in ("var", "opt"), path


def test_executables_links_empty_directories_and_unusual_names_survive(builds: Builds) -> None:
    """Requirement: "empty directories, symlinks, executables and unusual names survive"."""
    image = builds.of("python3.13")[1]
    entries = {path.removeprefix("opt/data/"): entry for path, entry in image.entries("files").items() if path.startswith("opt/data/")}
    assert set(entries) == {"bin", "bin/run", "link", "dangling", "directory-link", "empty", "empty/inner", *ODD_NAMES}
    assert entries["bin/run"].mode == 0o755
    assert all(entries[name].isfile() and entries[name].mode == 0o644 for name in ODD_NAMES)
    links = {path: entry.linkname for path, entry in entries.items() if entry.issym()}
    assert links == {"link": "bin/run", "dangling": "nowhere", "directory-link": "bin"}
    assert "opt/odd/räton ker[1] $x.json" in image.entries("odd-file")
    assert image.entries("extension")["opt/extensions/extension"].mode == 0o755
    assert builds.of("provided.al2023")[1].entries("tool")["opt/tool"].mode == 0o755


@pytest.mark.parametrize(
    ("runtime", "handler", "event", "answer"),
    [
        ("python3.13", "app.handler", {"text": "<"}, {"escaped": "&lt;", "table": "-\n1\n-", "data": "with space"}),
        ("provided.al2023", "bootstrap", {}, "08f44b07b5901a25"),
        ("ruby3.3", "app.handler", {"name": "shop"}, {"greeting": "Hello, shop", "native": "built"}),
    ],
)
def test_a_function_of_a_private_checkout_answers(runtime: str, handler: str, event: Any, answer: Any, builds: Builds) -> None:
    image = builds.of(runtime)[1]
    assert invoke(f"{image.registry}/{image.repository}:1", handler, event) == answer


@pytest.mark.parametrize("runtime", REPRESENTATIVE)
def test_a_layer_is_the_same_with_the_image_store_of_containerd(runtime: str, builds: Builds, containerd_builds: Builds) -> None:
    one, other = containerd_builds.of(runtime)
    assert one.layers == other.layers
    for name, layer in one.layers.items():
        assert layer.diff_id == builds.of(runtime)[0].layers[name].diff_id, name
