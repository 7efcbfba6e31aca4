"""The life of a SAM template: what SAM CLI's own way costs, and what it costs with this project.

Four functions of three images, two of these with equal packages, are deployed
for the first time, and then the handler of each image is edited in turn.  Three
ways:

*sam init*: the Dockerfile that ``sam init`` writes for Python (code and
requirements together, then pip) in the directory of each image; ``sam build
--use-buildkit`` and ``sam package``.

*optimizer sam*: a specification for each image; ``optimizer sam --write``,
``sam build`` and ``sam package``.

*publish*: the same specifications, and ``optimizer publish template.yaml`` in
place of all three, on a runner that has uv and the Python of the base image.

With ``--app`` the functions are those of a CDK app, and SAM CLI takes the
template of its assembly: *sam init* is then ``DockerImageFunction`` with that
Dockerfile, *optimizer sam* is ``OptimizedFunction``, and *publish* is
``optimizer publish cdk.out``.  Every way begins with a synthesis.

*Images* are those that got another tag, *bytes* are what the repository's
registry got, the base image's layers in the first deployment included; seconds
are those of all commands.  ``sam deploy`` comes after each of the ways, and is
in none.  Every image of every round is new to the engine's build cache, but for
the installer of *optimizer sam*, whose stage does not depend on the project.

A second table has the seconds of each command.  *SAM CLI, doing nothing* are those of
``sam build --help`` and ``sam package --help``: what the two calls take however
little there is to build.

Needs a Debian machine with an engine, as root (`.ci/setup-engine`).
Run: ``python -m benchmarks.sam [--app] [--rounds 3]``
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.fleet_life import SETS, UV_VERSION, Repository
from benchmarks.installed import installed
from optimizer.sam.document import Document, parse_document
from tests.engine import services, standins
from tests.engine.host_python import exact_python
from tests.engine.host_uv import installed_uv
from tests.engine.sam_cli import SamCli, deploying

TIMEOUT_S = 1800
WAYS = ("sam init", "optimizer sam", "publish")
PACKAGES = {"orders": "small", "payments": "small", "reports": "large"}
"""The set of packages of each image."""
FUNCTIONS = {"create": "orders", "cancel": "orders", "pay": "payments", "report": "reports"}
"""The image of each function."""
HANDLER = "def lambda_handler(event, context):\n    return {version!r}\n"
DOCKERFILE = """\
FROM {base}

COPY app.py requirements.txt ./

RUN python3.13 -m pip install -r requirements.txt -t .

CMD ["app.lambda_handler"]
"""
SPEC = """\
runtime = "python3.13"
architecture = "x86_64"
steps = [
  {{ kind = "python-dependencies", lock = "{name}/requirements.txt", wheels_only = true }},
  {{ kind = "source-code", source = "{name}/app.py" }},
]
"""
FUNCTION = """\
  {logical_id}:
    Type: AWS::Serverless::Function
    Properties:
      PackageType: Image
      Architectures: [x86_64]
      ImageConfig:
        Command: [app.lambda_handler]
    Metadata:
"""


APP = """\
import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from optimizer import ImageSpec
from optimizer.cdk import OptimizedFunction

app = cdk.App(outdir="cdk.out")
stack = cdk.Stack(app, "Shop", analytics_reporting=False)
"""
FUNCTION_OF_APP = {
    True: 'OptimizedFunction(stack, "{logical_id}", spec=ImageSpec.load("{image}.image.toml"), handler="app.lambda_handler")\n',
    False: (
        'code = lambda_.DockerImageCode.from_image_asset("{image}")\n'
        'lambda_.DockerImageFunction(stack, "{logical_id}", code=code, architecture=lambda_.Architecture.X86_64)\n'
    ),
}
"""A function of the app, by whether this project makes its image."""
IDLE = "SAM CLI, doing nothing"


@dataclass(frozen=True)
class Cost:
    """What one deployment cost, but for ``sam deploy`` itself; ``phases`` are the seconds of each command, and ``idle_s`` those of SAM CLI's help."""

    images: int
    new_bytes: int
    phases: Mapping[str, float]
    idle_s: float

    @property
    def seconds(self) -> float:
        return sum(self.phases.values())


@dataclass
class Life:
    """One way, with a project and a repository of its own; ``environment`` is that of SAM CLI, ``runner`` that of this project's commands."""

    way: str
    app: bool
    project: Path
    base: str
    upstream: str
    repository: Repository
    environment: Mapping[str, str]
    runner: Mapping[str, str]
    mark: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    """What makes the round's functions and files other ones than those that the engine knows."""
    _known: set[str] = field(default_factory=set)
    _phases: dict[str, float] = field(default_factory=dict)

    @property
    def ours(self) -> bool:
        """Whether this project makes the images."""
        return self.way != "sam init"

    def write(self) -> None:
        for name, packages in PACKAGES.items():
            (self.project / name).mkdir()
            (self.project / name / "requirements.txt").write_text(f"# {self.mark}\n{SETS['python'][packages]}")
            if self.ours:
                (self.project / f"{name}.image.toml").write_text(SPEC.format(name=name))
            else:
                (self.project / name / "Dockerfile").write_text(DOCKERFILE.format(base=self.base))
            self.edit(name, 1)
        if self.app:
            functions = (
                FUNCTION_OF_APP[self.ours].format(logical_id=self._logical_id(name), image=image) for name, image in FUNCTIONS.items()
            )
            (self.project / "app.py").write_text(f"{APP}{''.join(functions)}app.synth()\n")
        else:
            functions = (self._function(name, image) for name, image in FUNCTIONS.items())
            (self.project / "template.yaml").write_text(f"Transform: AWS::Serverless-2016-10-31\nResources:\n{''.join(functions)}")
        if self.ours:
            self._optimizer("pin", "--mirror", self.upstream, "--image", "python3.13")

    def edit(self, name: str, version: int) -> None:
        (self.project / name / "app.py").write_text(HANDLER.format(version=f"{name} {self.mark} {version}"))

    def deploy(self) -> Cost:
        """Make the images, and the packaged template where there is one."""
        before = self.repository.blobs()
        target = f"{self.repository.address}/assets"
        sam = SamCli(self.project, self.environment)
        self._phases = {}
        if self.app:
            with self._timed("synthesis"):
                self._synthesize()
        if self.way == "publish":
            with self._timed("optimizer publish"):
                what = ["cdk.out"] if self.app else ["template.yaml", "--mirror", self.upstream]
                said = self._optimizer("publish", *what, "--repository", target, "--format", "json")
            images = {image["reference"] for image in json.loads(said)["images"]}
        else:
            if self.ours and not self.app:
                with self._timed("optimizer sam --write"):
                    self._optimizer("sam", "template.yaml", "--write", "--mirror", self.upstream, "--image-repository", target)
            with self._timed("sam build"):
                template = ["--template", "cdk.out/Shop.template.json"] if self.app else []
                sam.succeed("build", "--use-buildkit", "--parallel", *template)
            with self._timed("sam package"):
                sam.succeed("package", "--image-repository", target, "--output-template-file", "packaged.yaml", "--no-progressbar")
            images = set(self._packaged())
        phases = dict(self._phases)
        with self._timed(IDLE):
            sam.succeed("build", "--help")
            sam.succeed("package", "--help")
        new = images - self._known
        self._known |= new
        added = sum(size for digest, size in self.repository.blobs().items() if digest not in before)
        return Cost(len(new), added, phases, self._phases[IDLE])

    def forget(self) -> None:
        """Remove the images of the round from the engine."""
        listed = subprocess.run(
            ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}"], capture_output=True, text=True, check=False, timeout=120
        )
        own = [name for name in listed.stdout.split() if self.mark in name or name.startswith(self.repository.address)]
        subprocess.run(["docker", "image", "rm", "--force", *own], capture_output=True, check=False, timeout=120)

    @contextlib.contextmanager
    def _timed(self, phase: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self._phases[phase] = time.monotonic() - started

    def _function(self, name: str, image: str) -> str:
        built = (
            f"      ImageSpec: {image}.image.toml\n"
            if self.ours
            else (f"      Dockerfile: Dockerfile\n      DockerContext: ./{image}\n      DockerTag: python3.13-v1\n")
        )
        return FUNCTION.format(logical_id=self._logical_id(name)) + built

    def _synthesize(self) -> None:
        # What the CDK CLI asks for, so that SAM CLI finds the build contexts.
        context = {"aws:cdk:enable-asset-metadata": True, "optimizer:mirror": self.upstream}
        environment = {**self.runner, "CDK_CONTEXT_JSON": json.dumps(context)}
        subprocess.run([sys.executable, "app.py"], cwd=self.project, env=environment, check=True, capture_output=True, timeout=TIMEOUT_S)

    def _packaged(self) -> Iterator[str]:
        document = parse_document((self.project / "packaged.yaml").read_text())
        assert isinstance(document, Document)
        for resource in document.data["Resources"].values():
            properties = resource.get("Properties", {})
            image = properties.get("ImageUri") or properties.get("Code", {}).get("ImageUri")
            if image:
                yield image

    def _logical_id(self, name: str) -> str:
        return f"{name.title()}{self.mark}{WAYS.index(self.way)}"

    def _optimizer(self, *arguments: str) -> str:
        argv = [sys.executable, "-m", "optimizer", *arguments]
        return subprocess.run(argv, cwd=self.project, env=self.runner, check=True, capture_output=True, text=True, timeout=TIMEOUT_S).stdout


Results = dict[str, list[tuple[str, Cost]]]


def measure(work: Path, *, app: bool) -> Results:
    """The costs of every deployment, by the way."""
    results: Results = {}
    with contextlib.ExitStack() as stack:
        for name in ("upstream", "control-plane"):
            (work / name).mkdir(parents=True)
        upstream = stack.enter_context(standins.registry(work / "upstream", ["python"]))
        control_plane = stack.enter_context(services.control_plane(work / "control-plane"))
        programs = [exact_python(upstream, work / "python"), installed_uv(UV_VERSION, work / "uv")]
        runner = dict(installed(work / "bytecode"))
        runner["PATH"] = os.pathsep.join([*map(str, programs), os.environ["PATH"]])
        lives = []
        for number, way in enumerate(WAYS):
            for part in ("project", "repository"):
                (work / str(number) / part).mkdir(parents=True)
            storage = work / str(number) / "repository"
            repository = Repository(stack.enter_context(services.registry(storage)), storage)
            environment = stack.enter_context(deploying(control_plane, repository.address))
            base = f"{upstream}/{standins.IMAGES['python']}"
            life = Life(way, app, work / str(number) / "project", base, upstream, repository, environment, runner)
            stack.callback(life.forget)
            life.write()
            lives.append(life)
        for event in ("first deployment", *(f"{name} edited" for name in PACKAGES)):
            for life in lives:
                if event != "first deployment":
                    life.edit(event.partition(" ")[0], 2)
                cost = life.deploy()
                results.setdefault(life.way, []).append((event, cost))
                print(f"{life.way}, {event}: {cost}", file=sys.stderr)
    return results


def median(rounds: list[Results]) -> Results:
    """One cost for each event: images and bytes are those of the first round, seconds the median of all."""
    return {
        way: [(event, _median([results[way][index][1] for results in rounds])) for index, (event, _) in enumerate(costs)]
        for way, costs in rounds[0].items()
    }


def _median(costs: list[Cost]) -> Cost:
    phases = {phase: statistics.median(cost.phases[phase] for cost in costs) for phase in costs[0].phases}
    return Cost(costs[0].images, costs[0].new_bytes, phases, statistics.median(cost.idle_s for cost in costs))


def show(results: Results) -> None:
    table = {way: [*costs, ("all after the first deployment", _sum([cost for _, cost in costs[1:]]))] for way, costs in results.items()}
    print("images, new megabytes, seconds; megabytes and seconds as parts of those of sam init")
    print(f"{'':32}" + "".join(f"{way:>36}" for way in table))
    for index, (event, usual) in enumerate(table["sam init"]):
        print(f"{event:32}" + "".join(f"{_cell(costs[index][1], usual):>36}" for costs in table.values()))
    print("\nseconds of each command after the first deployment, sum of all")
    last = {way: costs[-1][1] for way, costs in table.items()}
    print(f"{'':32}" + "".join(f"{way:>16}" for way in last))
    for phase in dict.fromkeys(phase for cost in last.values() for phase in cost.phases):
        print(f"{phase:32}" + "".join(f"{_seconds(cost.phases.get(phase)):>16}" for cost in last.values()))
    print(f"{IDLE:32}" + "".join(f"{_seconds(cost.idle_s if 'sam build' in cost.phases else None):>16}" for cost in last.values()))


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.2f}"


def _cell(cost: Cost, usual: Cost) -> str:
    parts = f"({cost.new_bytes / usual.new_bytes:.4f}, {cost.seconds / usual.seconds:.3f})"
    return f"{cost.images}  {cost.new_bytes / 1e6:.3f}  {cost.seconds:.2f}  {parts}"


def _sum(costs: list[Cost]) -> Cost:
    phases = {phase: sum(cost.phases[phase] for cost in costs) for phase in costs[0].phases}
    return Cost(sum(cost.images for cost in costs), sum(cost.new_bytes for cost in costs), phases, sum(cost.idle_s for cost in costs))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--app", action="store_true", help="take the assembly of a CDK app in place of a template")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        show(median([measure(Path(temporary, str(turn)), app=arguments.app) for turn in range(arguments.rounds)]))


if __name__ == "__main__":
    main()
