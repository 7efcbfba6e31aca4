"""Synthesis of a fleet: this project against plain CDK, as ratios in one run.

200 functions from 20 specifications, each with a context of 1,000 files and
20 MB, against the same fleet as plain DockerImageFunctions with hand-written
Dockerfiles, in two ways: *plain CDK* shares one Dockerfile among the functions
of a directory and gives each its handler in the construct, the best that a
careful team can do; *as documented* has one Dockerfile per function with its
own CMD, as AWS's guide writes them.  *Cold* has neither an output directory nor CDK's cache of
fingerprints; *warm* is the run after it; *lean* is another one with
CDK's own validation of templates off (CDK_VALIDATION=false), which is most of
what every side waits for.  jsii's own cache of unpacked packages is full in
all.  Wall time is that of the whole app process, so that no side can be faster
than an app without functions; that is measured too.  Memory is the largest
resident set of any of the processes.  Needs 5 GB of disk per round.

``--against`` names another checkout of this project, which runs in the same
rounds as one more peer: what a change costs.

Run: ``python -m benchmarks.synth [--against DIRECTORY]``
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCKERFILE = "FROM public.ecr.aws/lambda/python:3.13@sha256:{digest}\nCOPY . /var/task/\n"
DIGEST = "5" * 64
LOCK = f"""version = 1

[[image]]
reference = "public.ecr.aws/lambda/python:3.13"
digest = "sha256:{DIGEST}"
resolved = 2026-11-01
kind = "index"
"""
HEAD = """
import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from optimizer import ImageSpec, SourceCode
from optimizer.cdk import OptimizedFunction
app = cdk.App(outdir="cdk.out")
stack = cdk.Stack(app, "Fleet")
for number in range({functions}):
    service = f"services/s{{number % {specs}}}"
"""
EMPTY = """
import aws_cdk as cdk
from aws_cdk import aws_lambda
app = cdk.App(outdir="cdk.empty")
cdk.CfnWaitConditionHandle(cdk.Stack(app, "Fleet"), "Nothing")
app.synth()
"""
STATES = ("cold", "warm", "lean")
APPS = {
    "plain CDK": """
    code = lambda_.DockerImageCode.from_image_asset(service, cmd=["app.handler"])
    lambda_.DockerImageFunction(stack, f"F{number}", code=code, architecture=lambda_.Architecture.X86_64)
app.synth()
""",
    "as documented": """
    code = lambda_.DockerImageCode.from_image_asset(service, file=f"Dockerfile.{number}")
    lambda_.DockerImageFunction(stack, f"F{number}", code=code, architecture=lambda_.Architecture.X86_64)
app.synth()
""",
    "optimizer": """
    spec = ImageSpec(runtime="python3.13", steps=[SourceCode(service)])
    OptimizedFunction(stack, f"F{number}", spec=spec, handler="app.handler")
app.synth()
""",
}


def write_fleet(directory: Path, functions: int, specs: int, files: int, size_bytes: int) -> None:
    """The sources of the fleet: the same bytes in every run."""
    generator = random.Random(20261124)
    for number in range(specs):
        service = directory / "services" / f"s{number}"
        for index in range(files):
            path = service / f"package{index // 50}" / f"module{index}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(generator.randbytes(size_bytes // files))
        # Without it every function would get a warning of a handler that no file defines.
        (service / "app.py").write_text(f"def handler(event, context):\n    return {number}\n")
        (service / "Dockerfile").write_text(DOCKERFILE.format(digest=DIGEST))
        for function in range(number, functions, specs):
            text = DOCKERFILE.format(digest=DIGEST) + f'CMD ["app.handler{function}"]\n'
            (service / f"Dockerfile.{function}").write_text(text)
    (directory / "optimizer.lock").write_text(LOCK)


def run(directory: Path, program: str, home: Path, *, state: str, checkout: Path = ROOT) -> tuple[float, float]:
    """Seconds and MiB of one synthesis with the project of a checkout."""
    environment = {
        **os.environ,
        "HOME": str(home),
        "PYTHONPATH": str(checkout),
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(home.parent / "jsii"),
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
        "CDK_VALIDATION": "false" if state == "lean" else "true",
    }
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-c", program], cwd=directory, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"the synthesis failed:\n{program}")
    return time.monotonic() - started, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--functions", type=int, default=200)
    parser.add_argument("--specs", type=int, default=20)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--megabytes", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", type=Path, metavar="DIRECTORY", help="another checkout of this project, to compare with")
    arguments = parser.parse_args()
    apps = dict(APPS)
    checkouts = {name: ROOT for name in apps}
    if arguments.against:
        apps["there"] = apps["optimizer"]
        checkouts["there"] = arguments.against.resolve()
    head = HEAD.format(functions=arguments.functions, specs=arguments.specs)
    results: dict[tuple[str, str], list[tuple[float, float]]] = {}
    floor: dict[str, list[float]] = {state: [] for state in STATES}
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary, "fleet")
        write_fleet(directory, arguments.functions, arguments.specs, arguments.files, arguments.megabytes * 1_000_000)
        run(directory, EMPTY, Path(temporary, "first"), state="cold")
        for number in range(arguments.rounds):
            # Each side goes first in turn, so that the page cache favours neither.
            for name in list(apps)[:: -1 if number % 2 else 1]:
                home = Path(temporary, f"home {number} {name}")
                home.mkdir()
                # Nor that one waits for what the other has left to write.
                os.sync()
                for state in STATES:
                    result = run(directory, head + apps[name], home, state=state, checkout=checkouts[name])
                    results.setdefault((name, state), []).append(result)
                # Kept to the end: ext4 creates files many times slower for minutes after others were deleted.
                (directory / "cdk.out").rename(home / "cdk.out")
            for state in STATES:
                floor[state].append(run(directory, EMPTY, home, state=state)[0])
    print(
        f"{arguments.functions} functions, {arguments.specs} specs of {arguments.files} files and {arguments.megabytes} MB; medians of {arguments.rounds}"
    )
    print(f"{'':6}{'peer':>15}{'peer alone':>22}{'optimizer':>22}{'time ratio':>12}{'memory ratio':>14}")
    for state in STATES:
        medians = {name: [statistics.median(column) for column in zip(*results[name, state], strict=True)] for name in apps}
        ours = medians.pop("optimizer")
        for name, peer in medians.items():
            cells = [f"{seconds:8.2f} s {mebibytes:7.0f} MiB" for seconds, mebibytes in (peer, ours)]
            print(f"{state:6}{name:>15}{cells[0]:>22}{cells[1]:>22}{ours[0] / peer[0]:12.2f}{ours[1] / peer[1]:14.2f}")
    print("an app without functions: " + ", ".join(f"{state} {statistics.median(seconds):.2f} s" for state, seconds in floor.items()))


if __name__ == "__main__":
    main()
