"""Many images at once: ``optimizer publish`` against ``optimizer bake`` and against builds one by one, as CDK's.

An app of 200 functions: each has code of its own, and one of 20 sets of files.
*publish* makes and pushes their images without an engine, *bake* with ``docker
buildx bake --push``, as few calls as it bears, and *builds* with ``docker build`` and ``docker
push`` of one image after another, as ``cdk deploy`` does.  The *cold* run has
an empty repository and an empty build cache; the *warm* one is the same again,
with both as the first left them, and nothing changed.  All three ask the
registry first where a user would: publish and builds leave out what it has,
bake is told to build all.

One bake of all 200 targets failed on Docker 26.1 ("no such job"), so each call
has 50 targets at the most.

Synthesis is not in the times.  Needs a Debian machine with an engine, as root
(`.ci/setup-engine`).
Run: ``python -m benchmarks.publish [--images 200] [--sets 20]``
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.installed import installed
from tests.engine import services, standins
from tests.engine.daemon import Daemon, daemon

TIMEOUT_S = 3600
SET_FILES, SET_BYTES = 20, 10_000
BAKED_AT_ONCE = 50
APP = """
import json
import aws_cdk as cdk
from optimizer import Files, ImageSpec, SourceCode
from optimizer.cdk import OptimizedFunction, SharedRepositorySynthesizer
app = cdk.App(outdir="cdk.out", default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="assets"))
stack = cdk.Stack(app, "Fleet")
fleet = json.load(open("fleet.json"))
for number in range(fleet["images"]):
    steps = [
        SourceCode(f"functions/f{number}", name="code"),
        Files(f"sets/s{number % fleet['sets']}", to="/opt/set/", name="set"),
    ]
    spec = ImageSpec(runtime="nodejs22.x", steps=steps)
    OptimizedFunction(stack, f"F{number}", spec=spec, handler="index.handler")
app.synth()
"""


class Side:
    """One way, with an engine and a repository of its own."""

    def __init__(self, name: str, work: Path, stack: contextlib.ExitStack, assembly: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.environment = environment
        self.assembly = assembly
        directory = work / name
        (directory / "repository").mkdir(parents=True)
        self.registry = stack.enter_context(services.registry(directory / "repository"))
        self.engine: Daemon = stack.enter_context(daemon(directory / "engine"))
        self.run: Callable[[], None] = {"publish": self._publish, "bake": self._bake, "builds": self._builds}[name]

    def _optimizer(self, *arguments: str) -> str:
        argv = [
            sys.executable,
            "-m",
            "optimizer",
            arguments[0],
            str(self.assembly),
            "--repository",
            f"{self.registry}/assets",
            *arguments[1:],
        ]
        environment = {**self.environment, **self.engine.environment}
        done = subprocess.run(argv, env=environment, check=True, capture_output=True, text=True, timeout=TIMEOUT_S)
        return done.stdout

    def _publish(self) -> None:
        self._optimizer("publish", "--no-engine")

    def _bake(self) -> None:
        file = self.assembly.parent / "bake.json"
        text = json.loads(self._optimizer("bake"))
        # Engines of this benchmark's own need the network of the machine.
        for target in text["target"].values():
            target["network"] = "host"
        file.write_text(json.dumps(text))
        names = text["group"]["default"]["targets"]
        for start in range(0, len(names), BAKED_AT_ONCE):
            self.engine.docker("buildx", "bake", "--file", str(file), "--push", *names[start : start + BAKED_AT_ONCE], cwd=Path.cwd())

    def _builds(self) -> None:
        for path in self.assembly.glob("*.assets.json"):
            for asset, image in json.loads(path.read_text())["dockerImages"].items():
                name = f"{self.registry}/assets:{asset}"
                if self._has(asset):
                    continue
                options = ["--network", "host", "--platform", image["source"]["platform"]]
                self.engine.docker("build", "--tag", name, *options, ".", cwd=self.assembly / image["source"]["directory"])
                self.engine.docker("push", name)

    def _has(self, tag: str) -> bool:
        request = urllib.request.Request(f"http://{self.registry}/v2/assets/manifests/{tag}", method="HEAD")
        request.add_header("Accept", "application/vnd.docker.distribution.manifest.v2+json")
        try:
            urllib.request.urlopen(request, timeout=30).close()
        except urllib.error.HTTPError:
            return False
        return True


def write_app(directory: Path, images: int, sets: int) -> None:
    """The app's files: the same bytes in every run."""
    generator = random.Random(20261129)
    for number in range(sets):
        (directory / "sets" / f"s{number}").mkdir(parents=True)
        for file in range(SET_FILES):
            (directory / "sets" / f"s{number}" / f"{file}.bin").write_bytes(generator.randbytes(SET_BYTES))
    for number in range(images):
        (directory / "functions" / f"f{number}").mkdir(parents=True)
        (directory / "functions" / f"f{number}" / "index.js").write_text(f"exports.handler = async () => {number};\n")
    (directory / "fleet.json").write_text(json.dumps({"images": images, "sets": sets}))
    (directory / "app.py").write_text(APP)


def synthesize(directory: Path, upstream: str, installation: Mapping[str, str]) -> None:
    environment = {**installation, "CDK_CONTEXT_JSON": json.dumps({"optimizer:mirror": upstream})}
    pin = [sys.executable, "-m", "optimizer", "pin", "--mirror", upstream, "--image", "nodejs22.x"]
    for argv in (pin, [sys.executable, "app.py"]):
        subprocess.run(argv, cwd=directory, env=environment, check=True, capture_output=True, timeout=TIMEOUT_S)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--sets", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as stack:
        work = Path(temporary)
        (work / "upstream").mkdir()
        (work / "app").mkdir()
        upstream = stack.enter_context(standins.registry(work / "upstream", ["nodejs"]))
        write_app(work / "app", arguments.images, arguments.sets)
        environment = installed(work / "bytecode")
        synthesize(work / "app", upstream, environment)
        sides = [Side(name, work, stack, work / "app" / "cdk.out", environment) for name in ("publish", "bake", "builds")]
        print(f"{arguments.images} images of {arguments.sets} sets of files; seconds, and publish as a part of them")
        for state in ("cold", "warm"):
            seconds = {}
            for side in sides:
                started = time.monotonic()
                side.run()
                seconds[side.name] = time.monotonic() - started
            parts = "".join(f"{name:>10} {value:7.2f} {seconds['publish'] / value:6.3f}" for name, value in seconds.items())
            print(f"{state:6}{parts}", flush=True)


if __name__ == "__main__":
    main()
