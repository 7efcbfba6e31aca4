"""The first minutes of a new user, step by step: from the wheel to a function that answered, with CDK and with SAM.

    python -m benchmarks.first_minutes

Prints the seconds of wall and of processor time of each step, in a home
directory of its own, with nothing installed but Python, Node.js and an engine:
no environment, no CDK CLI, no SAM CLI, no caches.  Beside it are the first
minutes of those tools.  *cdk init* is the CDK CLI, its project with the
packages that it installs, and a synthesis: of a stack that is empty, in which
``optimizer new`` has a function.  *sam init* is SAM CLI, ``sam build`` and
``sam local invoke`` of the image that its project for Python declares; the
project itself is written here, because SAM CLI would clone it from GitHub.

The seconds of all steps of this project must stay below LIMIT_S, else the
benchmark fails.  In none of them is the download of AWS's base image, which
this machine has as a stand-in; packages are downloaded.

Needs a Debian machine with an engine, as root (`.ci/setup-engine`).
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.sam import DOCKERFILE
from tests.engine import standins
from tests.engine.sam_cli import VERSION as SAM_VERSION

ROOT = Path(__file__).parents[1]
LIMIT_S = 180
TIMEOUT_S = 600
RUNTIME = "python3.13"
_KEPT = ("LANG", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_KEPT_PREFIXES = ("PIP_", "npm_config_", "NPM_CONFIG_")
"""Variables that tell how this machine reaches package registries; a new user's shell has no others of this one."""
SAM_TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      PackageType: Image
      Architectures: [x86_64]
    Metadata:
      Dockerfile: Dockerfile
      DockerContext: ./hello
      DockerTag: python3.13-v1
"""
SAM_FUNCTION = 'def lambda_handler(event, context):\n    return {"message": f"Hello, {event[\'name\']}"}\n'


@dataclass
class Way:
    """One way to a first function, in a home of its own; ``path`` has the directories of programs, of Node.js at first."""

    name: str
    home: Path
    path: list[Path]
    steps: list[tuple[str, float, float]] = field(default_factory=list)
    """Each step with its seconds of wall and of processor time."""

    @property
    def wall_s(self) -> float:
        return sum(wall for _, wall, _ in self.steps)

    @property
    def processor_s(self) -> float:
        return sum(processor for _, _, processor in self.steps)

    def run(self, *argv: str, directory: Path | None = None, shown: str = "") -> str:
        """Run a step in a directory, by default the home; gives what it printed."""
        before, start = _processor(), time.perf_counter()
        done = subprocess.run(
            argv, cwd=directory or self.home, env=self._environment(), capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
        self.steps.append((shown or " ".join(argv), time.perf_counter() - start, _processor() - before))
        if done.returncode:
            sys.exit(f"{' '.join(argv)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def show(self) -> None:
        print(f"\n{self.name}")
        for step, wall, processor in self.steps:
            print(f"{wall:8.2f} s {processor:8.2f} s cpu  {step}")
        print(f"{self.wall_s:8.2f} s {self.processor_s:8.2f} s cpu  in all", flush=True)

    def _environment(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
        # Without them a call of CDK or SAM waits for their makers' servers, where a machine does not reach these.
        quiet = {"CDK_DISABLE_CLI_TELEMETRY": "1", "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-central-1"}
        path = os.pathsep.join([*map(str, self.path), "/usr/local/bin", "/usr/bin", "/bin"])
        return {**kept, **quiet, "HOME": str(self.home), "PATH": path}


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _followed(way: Way, project: Path, printed: str) -> None:
    """Run the commands that ``optimizer new`` printed, but those of the SAM CLI."""
    for line in printed.splitlines():
        command = line.removeprefix("next: ").split()
        if line.startswith("next: ") and command[0] not in ("cd", "sam"):
            said = way.run(*command, *(["--no-notices"] if command[0] == "cdk" else []), directory=project)
            if command[:2] == ["optimizer", "invoke"] and "Hello, Ada" not in said:
                sys.exit(f"{line} answered {said}")


def _environment_made(way: Way) -> None:
    way.run(sys.executable, "-m", "venv", str(way.home / "venv"), shown="python -m venv venv")
    way.path.insert(0, way.home / "venv" / "bin")


def _cdk_installed(way: Way) -> None:
    (version,) = re.findall(r"^CDK_CLI := (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    prefix = way.home / "npm"
    way.run(
        "npm", "install", "--global", "--prefix", str(prefix), "--no-audit", "--no-fund", version, shown=f"npm install --global {version}"
    )
    way.path.insert(0, prefix / "bin")


def _ours(way: Way, wheel: Path, mirror: str, *options: str) -> None:
    """From the wheel to an answer, by the commands of README.md."""
    kind = "cdk,aws" if not options else "aws"
    _environment_made(way)
    way.run("pip", "install", "--no-compile", f"{wheel}[{kind}]", shown=f'pip install --no-compile "{wheel.name}[{kind}]"')
    if not options:
        _cdk_installed(way)
    # The stand-ins are those of one runtime, and the bases of AWS are not in reach.
    new = ["optimizer", "new", "shop", *options]
    _followed(way, way.home / "shop", way.run(*new, "--runtime", RUNTIME, "--mirror", mirror, shown=" ".join(new)))


def _cdk_init(way: Way) -> None:
    _cdk_installed(way)
    project = way.home / "shop"
    project.mkdir()
    way.run("cdk", "init", "app", "--language", "python", "--no-notices", directory=project)
    way.path.insert(0, project / ".venv" / "bin")
    way.run("cdk", "synth", "--quiet", "--no-notices", directory=project)


def _sam_init(way: Way, mirror: str) -> None:
    _environment_made(way)
    way.run("pip", "install", f"aws-sam-cli=={SAM_VERSION}")
    project = way.home / "shop"
    (project / "hello").mkdir(parents=True)
    (project / "template.yaml").write_text(SAM_TEMPLATE)
    (project / "event.json").write_text('{"name": "Ada"}')
    (project / "hello" / "app.py").write_text(SAM_FUNCTION)
    (project / "hello" / "requirements.txt").touch()
    (project / "hello" / "Dockerfile").write_text(DOCKERFILE.format(base=f"{mirror}/{standins.IMAGES['python']}"))
    way.run("sam", "build", directory=project)
    said = way.run("sam", "local", "invoke", "Hello", "--event", "event.json", directory=project)
    if "Hello, Ada" not in said:
        sys.exit(f"sam local invoke answered {said}")
    subprocess.run(["docker", "image", "rm", "--force", "hello:python3.13-v1", "hello:rapid-x86_64"], capture_output=True, check=False)


def main() -> None:
    # The program itself: what stands on the path of an environment may be a script of its Python.
    node = Path(subprocess.run(["node", "-p", "process.execPath"], capture_output=True, text=True, check=True).stdout.strip()).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        (work / "node").mkdir()
        (work / "node" / "node").symlink_to(node)
        (work / "node" / "npm").symlink_to(node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
        ways = []
        for name in ("this project, with CDK", "cdk init", "this project, with SAM", "sam init"):
            home = work / name.replace(" ", "-")
            home.mkdir()
            ways.append(Way(name, home, [work / "node"]))
        (work / "registry").mkdir()
        with standins.registry(work / "registry", ["python"]) as mirror:
            checkout = work / "checkout"
            shutil.copytree(ROOT / "optimizer", checkout / "optimizer", ignore=shutil.ignore_patterns("__pycache__"))
            for file in ("pyproject.toml", "README.md", "LICENSE", "Makefile"):
                shutil.copy(ROOT / file, checkout / file)
            ways[0].run("make", "wheel", directory=checkout)
            (wheel,) = (checkout / "dist").glob("*.whl")
            _ours(ways[0], wheel, mirror)
            ways[0].show()
            _cdk_init(ways[1])
            ways[1].show()
            _ours(ways[2], wheel, mirror, "--sam")
            ways[2].show()
            _sam_init(ways[3], mirror)
            ways[3].show()
    print()
    for ours, other in ((ways[0], ways[1]), (ways[2], ways[3])):
        wall, processor = ours.wall_s / other.wall_s, ours.processor_s / other.processor_s
        print(f"{ours.name} / {other.name}: {wall:.2f} of the wall time, {processor:.2f} of the processor time")
    total = ways[0].wall_s + ways[2].wall_s
    print(f"both ways of this project: {total:.1f} s, {ways[0].processor_s + ways[2].processor_s:.1f} s cpu; limit: {LIMIT_S} s")
    if total > LIMIT_S:
        sys.exit("that is over the limit")


if __name__ == "__main__":
    main()
