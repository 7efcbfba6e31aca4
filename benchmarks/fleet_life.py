"""The life of a fleet: what each change costs, for this project and for what its users would write instead.

Six functions with two sets of dependencies, two of them with a 30 MB model,
go through seven events.  Three ways to declare them, all in AWS CDK: this
project; the Dockerfile of AWS's guide (requirements, installation, code); the
one that ``sam init`` writes (code and requirements together, then
installation).  Each event is a real synthesis, and for every image that the
repository does not have, the ``docker build`` and ``docker push`` that CDK
runs, against an engine and registries of this benchmark's own.  A fourth way,
*publish*, is this project with ``optimizer publish`` in their place; its runner
has the Python of the base image, as one has that installs Python by its exact
version, uv, and an engine for the stages that need one.

*New bytes* are what the event adds to the repository's registry; those of the
base image's own layers are counted apart.  How many of them are manifests and
configurations stands below the table.  A *fresh runner* has neither build
cache nor images.  Seconds are those of synthesis, builds and pushes.

Every event happens to the three fleets one right after the other, and all of
it is done in several rounds, of which the median is shown: a machine is slower
at one time than at another, and no event is timed once.

This project's Python functions have locks with hashes, as uv writes them, and
a packing that gives numpy, pandas and requests layers of their own; the peers
have the same packages in plain requirements.  In Node.js all have one lock of
npm, and the packing gives sharp and uuid layers of their own.

All four repositories have the base image from the start, and programs are
started as an installation has them, with their modules compiled.

Needs a Debian machine with an engine, as root (`.ci/setup-engine`).
Run: ``python -m benchmarks.fleet_life [--runtime python|nodejs] [--rounds 3]``
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.installed import installed
from benchmarks.npm_lock import write_lock
from optimizer.bases.packing import render_packing
from optimizer.bases.tools import known_tools
from optimizer.model.packing import Packing
from tests.engine import services, standins
from tests.engine.daemon import Daemon, daemon
from tests.engine.host_python import exact_python
from tests.engine.host_uv import installed_uv

UV_VERSION = known_tools().tools["uv"].tool.version
MODEL_BYTES = 30_000_000
TIMEOUT_S = 900
BASES = {"python": "lambda/python:3.13", "nodejs": "lambda/nodejs:22"}
RUNTIMES = {"python": "python3.13", "nodejs": "nodejs22.x"}
SETS = {
    "python": {"small": "requests==2.32.3\nPyYAML==6.0.2\n", "large": "numpy==2.2.4\npandas==2.2.3\n"},
    "nodejs": {"small": "mustache@4.2.0 uuid@11.1.0", "large": "@aws-sdk/client-s3@3.800.0 sharp@0.34.1"},
}
BUMPED = {"python": "requests==2.32.4\nPyYAML==6.0.2\n", "nodejs": "mustache@4.2.0 uuid@11.0.5"}
PACKING = Packing(
    groups={
        "python": (("numpy",), ("pandas",), ("requests",)),
        "nodejs": (("@img/sharp-libvips-linux-x64", "@img/sharp-linux-x64", "sharp"), ("uuid",)),
    }
)
CODE = {
    "python": ("app.py", "def handler(event, context):\n    return {{'function': '{name}', 'version': {version}}}\n"),
    "nodejs": ("app.mjs", "export const handler = async () => ({{function: '{name}', version: {version}}});\n"),
}
# The same packages in files that the installer of each peer reads.
MANIFESTS = {"python": ("requirements.txt",), "nodejs": ("package.json", "package-lock.json")}
INSTALL = {"python": "RUN pip install -r requirements.txt", "nodejs": "RUN npm ci --omit=dev"}
SAM_INSTALL = {"python": "RUN python3 -m pip install -r requirements.txt -t .", "nodejs": "RUN npm install"}
HANDLER = "app.handler"
_CACHE = "cache"
"""Where *publish* lets uv and npm keep what they fetched."""
PLAIN_APP = """
import json
import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
app = cdk.App(outdir="cdk.out")
stack = cdk.Stack(app, "Fleet")
for name in json.load(open("fleet.json")):
    code = lambda_.DockerImageCode.from_image_asset(f"functions/{name}")
    lambda_.DockerImageFunction(stack, name, code=code, architecture=lambda_.Architecture.X86_64)
app.synth()
"""
OUR_APP = """
import json
import os
import aws_cdk as cdk
from optimizer import Files, ImageSpec, NodeDependencies, PythonDependencies, SourceCode
from optimizer.cdk import OptimizedFunction, SharedRepositorySynthesizer
app = cdk.App(outdir="cdk.out", default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="assets"))
stack = cdk.Stack(app, "Fleet")
for name in json.load(open("fleet.json")):
    directory = f"functions/{{name}}"
    steps = [
        SourceCode(f"{{directory}}/{code}", name="code"),
        {dependencies}(f"{{directory}}/{lock}", name="packages", {option}),
    ]
    if os.path.exists(f"{{directory}}/model.bin"):
        steps.append(Files(f"{{directory}}/model.bin", to="/var/task/model.bin", name="model"))
    spec = ImageSpec(runtime="{runtime}", steps=steps)
    OptimizedFunction(stack, name, spec=spec, handler="app.handler")
app.synth()
"""


@dataclass
class Repository:
    """The registry to which images are pushed."""

    address: str
    storage: Path

    def blobs(self) -> dict[str, int]:
        """Bytes of every blob, by digest."""
        root = self.storage / "blobs" / "docker" / "registry" / "v2" / "blobs" / "sha256"
        return {f"sha256:{path.parent.name}": path.stat().st_size for path in root.glob("*/*/data")}

    def has(self, tag: str) -> bool:
        request = urllib.request.Request(f"http://{self.address}/v2/assets/manifests/{tag}", method="HEAD")
        request.add_header("Accept", "application/vnd.docker.distribution.manifest.v2+json")
        try:
            urllib.request.urlopen(request, timeout=30).close()
        except urllib.error.HTTPError:
            return False
        return True

    def layers(self, tag: str) -> list[str]:
        return [layer["digest"] for layer in services.manifest(self.address, "assets", tag)["layers"]]


@dataclass(frozen=True)
class Cost:
    """What one event cost; seconds of synthesis, builds and pushes.

    Of the new bytes, ``document_bytes`` are those of manifests and configurations.
    """

    images: int
    new_bytes: int
    document_bytes: int
    base_bytes: int
    synthesis_s: float
    build_s: float
    push_s: float

    @property
    def delivery_s(self) -> float:
        return self.build_s + self.push_s

    @property
    def seconds(self) -> float:
        return self.synthesis_s + self.delivery_s


@dataclass
class Fleet:
    """One way to declare the fleet, in a directory of its own."""

    name: str
    runtime: str
    directory: Path
    engine: Daemon
    upstream: str
    repository: Repository
    base: str
    environment: Mapping[str, str]
    programs: list[Path] = field(default_factory=list)
    """The directories of what the runner of *publish* has installed."""

    @property
    def ours(self) -> bool:
        """Whether this project declares the fleet."""
        return self.name in ("optimizer", "publish")

    def write(self, names: list[str]) -> None:
        (self.directory / "fleet.json").write_text(json.dumps(names))
        for number, name in enumerate(names):
            kind = "small" if number % 2 == 0 else "large"
            function = self.directory / "functions" / name
            function.mkdir(parents=True, exist_ok=True)
            self.write_code(name, 1)
            self.write_manifests(name, SETS[self.runtime][kind])
            if number in (3, 5):
                (function / "model.bin").write_bytes(random.Random(20261124).randbytes(MODEL_BYTES))
            self.write_dockerfile(name)
        if self.ours:
            dependencies = {"python": "PythonDependencies", "nodejs": "NodeDependencies"}[self.runtime]
            code, lock = CODE[self.runtime][0], MANIFESTS[self.runtime][-1]
            option = {"python": "wheels_only=True", "nodejs": "scripts=False"}[self.runtime]
            program = OUR_APP.format(dependencies=dependencies, code=code, lock=lock, option=option, runtime=RUNTIMES[self.runtime])
            (self.directory / "cdk.json").write_text(json.dumps({"context": {"optimizer:mirror": self.upstream}}))
        else:
            program = PLAIN_APP
        (self.directory / "app.py").write_text(program)

    def write_code(self, name: str, version: int) -> None:
        file, text = CODE[self.runtime]
        (self.directory / "functions" / name / file).write_text(text.format(name=name, version=version))

    def write_manifests(self, name: str, packages: str) -> None:
        function = self.directory / "functions" / name
        if self.runtime == "python":
            text = python_lock(packages, self.programs[-1] / "uv") if self.ours else packages
            (function / "requirements.txt").write_text(text)
            return
        for file, text in node_manifests(packages).items():
            (function / file).write_text(text)

    def write_dockerfile(self, name: str) -> None:
        if self.ours:
            return
        function = self.directory / "functions" / name
        code, manifests = CODE[self.runtime][0], " ".join(MANIFESTS[self.runtime])
        model = ["COPY model.bin ./"] if (function / "model.bin").exists() else []
        if self.name == "AWS's guide":
            lines = [f"COPY {manifests} ./", INSTALL[self.runtime], *model, f"COPY {code} ./"]
        else:
            lines = [f"COPY {code} {manifests} ./", *model, SAM_INSTALL[self.runtime]]
        (function / "Dockerfile").write_text("\n".join([f"FROM {self.upstream}/{self.base}", *lines, f'CMD ["{HANDLER}"]', ""]))

    def set_base(self, base: str) -> None:
        """Move to another base image, as a team does: a new pin, or a new tag in every Dockerfile."""
        self.base = base
        if not self.ours:
            for name in json.loads((self.directory / "fleet.json").read_text()):
                self.write_dockerfile(name)
            return
        argv = [sys.executable, "-m", "optimizer", "pin", "--update", "--mirror", self.upstream, "--image", RUNTIMES[self.runtime]]
        subprocess.run(argv, cwd=self.directory, env=self.environment, check=True, capture_output=True, timeout=TIMEOUT_S)
        lock = self.directory / "optimizer.lock"
        text = lock.read_text()
        if "[packing]" not in text:
            lock.write_text(f"{text}\n{render_packing(PACKING)}")

    def forget(self) -> None:
        """Go on with a fresh runner, which has no build cache, no images, and no cache of an installer."""
        self.engine.forget()
        if (self.directory / _CACHE).exists():
            (self.directory / _CACHE).rename(self.directory / f"{_CACHE}.{time.monotonic_ns()}")

    def deploy(self) -> Cost:
        before = self.repository.blobs()
        started = time.monotonic()
        # Moved away, not removed: deletions make a file system slower for who comes next.
        if (self.directory / "cdk.out").exists():
            (self.directory / "cdk.out").rename(self.directory / f"cdk.out.{time.monotonic_ns()}")
        environment = {**self.environment, "CDK_CONTEXT_JSON": self._context()}
        subprocess.run([sys.executable, "app.py"], cwd=self.directory, env=environment, check=True, timeout=TIMEOUT_S)
        synthesis_s = time.monotonic() - started
        if self.name == "publish":
            published = self._publish_all()
        else:
            published = {tag: times for tag, source in self._assets() if (times := self._build_and_push(tag, source))}
        new = {digest: size for digest, size in self.repository.blobs().items() if digest not in before}
        base_layers, layers = set(), set()
        for tag in published:
            of_image = self.repository.layers(tag)
            layers |= set(of_image)
            base_layers |= set(of_image[: self._base_layers()])
        return Cost(
            images=len(published),
            new_bytes=sum(size for digest, size in new.items() if digest not in base_layers),
            document_bytes=sum(size for digest, size in new.items() if digest not in layers),
            base_bytes=sum(size for digest, size in new.items() if digest in base_layers),
            synthesis_s=synthesis_s,
            build_s=sum(build for build, _ in published.values()),
            push_s=sum(push for _, push in published.values()),
        )

    def _context(self) -> str:
        path = self.directory / "cdk.json"
        return json.dumps(json.loads(path.read_text())["context"]) if path.exists() else "{}"

    def _assets(self) -> list[tuple[str, dict[str, str]]]:
        (manifest,) = (self.directory / "cdk.out").glob("*.assets.json")
        images = json.loads(manifest.read_text())["dockerImages"]
        return [(destination["imageTag"], image["source"]) for image in images.values() for destination in image["destinations"].values()]

    def _publish_all(self) -> dict[str, tuple[float, float]]:
        """Publish what the repository does not have; all of its seconds are given to the first image, as those of a build."""
        path = os.pathsep.join([*map(str, self.programs), os.environ["PATH"]])
        # As all builds of this benchmark, those of publish use the network of the machine.
        program = self.directory / "docker"
        program.write_text('#!/bin/sh\nif [ "$1" = build ]; then shift; exec docker build --network host "$@"; fi\nexec docker "$@"\n')
        program.chmod(0o755)
        own = {"PATH": path, "CDK_DOCKER": str(program), "XDG_CACHE_HOME": str(self.directory / _CACHE)}
        environment = {**self.environment, **self.engine.environment, **own}
        argv = [
            sys.executable,
            "-m",
            "optimizer",
            "publish",
            "cdk.out",
            "--repository",
            f"{self.repository.address}/assets",
            "--format",
            "json",
        ]
        started = time.monotonic()
        done = subprocess.run(argv, cwd=self.directory, env=environment, check=True, capture_output=True, text=True, timeout=TIMEOUT_S)
        seconds = time.monotonic() - started
        pushed = [image["reference"].rpartition(":")[2] for image in json.loads(done.stdout)["images"] if image["state"] == "pushed"]
        return {tag: (seconds if number == 0 else 0.0, 0.0) for number, tag in enumerate(pushed)}

    def _build_and_push(self, tag: str, source: dict[str, str]) -> tuple[float, float] | None:
        """Build and push as CDK does, unless the repository has the image; gives the seconds of both."""
        if self.repository.has(tag):
            return None
        remote = f"{self.repository.address}/assets:{tag}"
        options = ["--network", "host"]
        if source.get("platform"):
            options += ["--platform", source["platform"]]
        started = time.monotonic()
        self.engine.docker("build", "--tag", remote, *options, ".", cwd=self.directory / "cdk.out" / source["directory"])
        built = time.monotonic()
        self.engine.docker("push", remote)
        return built - started, time.monotonic() - built

    def _base_layers(self) -> int:
        # Read from the registry: an image that the engine has pulled is another cache key to the next build.
        repository, tag = self.base.split(":")
        found = services.manifest(self.upstream, repository, tag)
        if "manifests" in found:
            found = services.manifest(self.upstream, repository, found["manifests"][0]["digest"])
        return len(found["layers"])


@functools.cache
def python_lock(packages: str, uv: Path) -> str:
    """The requirements of a list of packages with all that they need, and hashes."""
    options = ["--quiet", "--generate-hashes", "--no-header", "--python", sys.executable, "--python-version", "3.13"]
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "requirements.in").write_text(packages)
        argv = [str(uv), "pip", "compile", *options, "requirements.in", "--output-file", "requirements.txt"]
        subprocess.run(argv, cwd=directory, check=True, capture_output=True, timeout=TIMEOUT_S)
        return Path(directory, "requirements.txt").read_text()


_NODE_MANIFESTS: dict[str, dict[str, str]] = {}


def node_manifests(packages: str) -> dict[str, str]:
    """package.json and its lock for a list of packages; npm resolves them once."""
    if packages not in _NODE_MANIFESTS:
        with tempfile.TemporaryDirectory() as directory:
            Path(directory, "package.json").write_text('{"name": "function", "version": "1.0.0", "private": true}')
            write_lock(Path(directory), "--save-exact", *packages.split())
            _NODE_MANIFESTS[packages] = {name: Path(directory, name).read_text() for name in MANIFESTS["nodejs"]}
    return _NODE_MANIFESTS[packages]


def patch_base(registry: str, base: str) -> str:
    """Push a patched base image beside the old one; gives the name of its tag."""
    name = f"{base}.patched"
    _push(f"{registry}/{name}", f"FROM {registry}/{base}\nRUN echo patched > /etc/patched\n")
    return name


def release_patch(registry: str, base: str) -> None:
    """Let the base's own tag name the patched image, as a release does."""
    _push(f"{registry}/{base}", f"FROM {registry}/{base}.patched\n")


def _push(target: str, dockerfile: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "Dockerfile").write_text(dockerfile)
        for argv in (["build", "--quiet", "--tag", target, directory], ["push", "--quiet", target], ["rmi", "--force", target]):
            Daemon({}).docker(*argv)


def events(fleet: Fleet, patched: str) -> Iterator[tuple[str, bool, Callable[[], None]]]:
    """What happens to the fleet: a name, whether the runner is fresh, and the change."""
    names = [f"f{number}" for number in range(6)]

    def bump() -> None:
        for name in names[::2]:
            fleet.write_manifests(name, BUMPED[fleet.runtime])

    def first() -> None:
        fleet.write(names)
        fleet.set_base(fleet.base)

    def sibling() -> None:
        text = BUMPED[fleet.runtime]
        fleet.write([*names, "f6"])
        for name in [*names[::2], "f6"]:
            fleet.write_manifests(name, text)
        fleet.write_code("f5", 3)

    yield "first deployment", True, first
    yield "one handler edited", False, lambda: fleet.write_code("f5", 2)
    yield "one handler edited, fresh runner", True, lambda: fleet.write_code("f5", 3)
    yield "README edited", False, lambda: _write(fleet.directory / "functions" / "f5" / "README.md", "# f5\n")
    yield "small dependency bumped, fresh runner", True, bump
    yield "sibling function added", False, sibling
    yield "base patched, fresh runner", True, lambda: fleet.set_base(patched)


def _write(path: Path, text: str) -> None:
    path.write_text(text)


Results = dict[str, list[tuple[str, Cost]]]


def measure(runtime: str, work: Path) -> Results:
    """The costs of every event, by the way of declaring the fleet."""
    base = BASES[runtime]
    results: Results = {}
    with contextlib.ExitStack() as stack:
        (work / "upstream").mkdir(parents=True)
        upstream = stack.enter_context(standins.registry(work / "upstream", [runtime]))
        patched = patch_base(upstream, base)
        environment = installed(work / "bytecode")
        lives: list[list[tuple[Fleet, str, bool, Callable[[], None]]]] = []
        # This project comes last: its pin follows the tag, which the others do not use.
        programs = [*([exact_python(upstream, work / "python")] if runtime == "python" else []), installed_uv(UV_VERSION, work / "uv")]
        for name in ("AWS's guide", "sam init", "optimizer", "publish"):
            directory = work / str(len(lives))
            for part in ("app", "repository"):
                (directory / part).mkdir(parents=True)
            address = stack.enter_context(services.registry(directory / "repository"))
            _push(f"{address}/assets:base", f"FROM {upstream}/{base}\n")
            engine = stack.enter_context(daemon(directory / "engine"))
            repository = Repository(address, directory / "repository")
            fleet = Fleet(name, runtime, directory / "app", engine, upstream, repository, base, environment, programs)
            lives.append([(fleet, *event) for event in events(fleet, patched)])
        for turn in zip(*lives, strict=True):
            for fleet, event, fresh, change in turn:
                if fleet.name == "optimizer" and event.startswith("base patched"):
                    release_patch(upstream, base)
                if fresh:
                    fleet.forget()
                change()
                cost = fleet.deploy()
                results.setdefault(fleet.name, []).append((event, cost))
                print(f"{runtime}, {fleet.name}, {event}: {cost}", file=sys.stderr)
    return results


def median(rounds: list[Results]) -> Results:
    """One cost for each event: bytes are those of the first round, seconds the median of all."""
    return {
        name: [
            (
                event,
                Cost(
                    images=cost.images,
                    new_bytes=cost.new_bytes,
                    document_bytes=cost.document_bytes,
                    base_bytes=cost.base_bytes,
                    synthesis_s=statistics.median(results[name][index][1].synthesis_s for results in rounds),
                    build_s=statistics.median(results[name][index][1].build_s for results in rounds),
                    push_s=statistics.median(results[name][index][1].push_s for results in rounds),
                ),
            )
            for index, (event, cost) in enumerate(costs)
        ]
        for name, costs in rounds[0].items()
    }


def show(runtime: str, results: Results) -> None:
    table = {name: [*costs, ("all after the first deployment", _sum(cost for _, cost in costs[1:]))] for name, costs in results.items()}
    print(f"\n{runtime}: images built, new megabytes without the base's own layers (the base's),")
    print("seconds of synthesis + builds + pushes = all")
    print(f"{'':39}" + "".join(f"{name:>{_WIDTH}}" for name in results))
    for index, (event, _) in enumerate(table["optimizer"]):
        print(f"{event:39}" + "".join(f"{_cell(costs[index][1]):>{_WIDTH}}" for costs in table.values()))
    print("\nof the new bytes after the first deployment, megabytes of manifests and configurations")
    print(f"{'':39}" + "".join(f"{costs[-1][1].document_bytes / 1e6:>{_WIDTH}.3f}" for costs in table.values()))
    print("\nseconds of builds and pushes as parts of those of AWS's guide")
    for index, (event, _) in enumerate(table["optimizer"]):
        guide = table["AWS's guide"][index][1].delivery_s
        parts = (f"{costs[index][1].delivery_s / guide if guide else 0:>{_WIDTH}.3f}" for costs in table.values())
        print(f"{event:39}" + "".join(parts))


def _sum(costs: Iterable[Cost]) -> Cost:
    every = list(costs)
    return Cost(
        images=sum(cost.images for cost in every),
        new_bytes=sum(cost.new_bytes for cost in every),
        document_bytes=sum(cost.document_bytes for cost in every),
        base_bytes=sum(cost.base_bytes for cost in every),
        synthesis_s=sum(cost.synthesis_s for cost in every),
        build_s=sum(cost.build_s for cost in every),
        push_s=sum(cost.push_s for cost in every),
    )


_WIDTH = 52


def _cell(cost: Cost) -> str:
    times = f"{cost.synthesis_s:.2f} + {cost.build_s:.2f} + {cost.push_s:.2f} = {cost.seconds:.2f}"
    return f"{cost.images}  {cost.new_bytes / 1e6:.2f} ({cost.base_bytes / 1e6:.1f})  {times}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runtime", choices=sorted(BASES), action="append", help="default: all")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        for runtime in arguments.runtime or sorted(BASES, reverse=True):
            show(runtime, median([measure(runtime, Path(temporary, runtime, str(turn))) for turn in range(arguments.rounds)]))


if __name__ == "__main__":
    main()
