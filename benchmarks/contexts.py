"""Contexts of very many small files: this project against CDK's own assets, as ratios in one run.

One function whose directory holds 100,000 files of 300 bytes in 1,000
directories, as a `node_modules` may.  *packed* has them as source code, which
becomes one archive; *inputs* as inputs of a command, which stand in the
context as they are; *CDK* is a plain DockerImageFunction of the same
directory.  The *first* run has neither an output directory nor a cache of
digests; the *next* one is the same with both, and nothing changed.  Each run
is a process of its own, and its time is that of the construct alone: the plan,
the keys of its stages, and the context on disk; not the start of Python and of
jsii, which every side waits for.  Needs 3 GB of disk per round, and many
inodes.

``--against`` names another checkout of this project, which runs in the same
turns: what a change costs or saves.

Run: ``python -m benchmarks.contexts [--against DIRECTORY]``
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.synth import LOCK, ROOT

DIGEST = "5" * 64
STATES = ("first", "next")
APP = """
import time
import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from optimizer import Command, ImageSpec, SourceCode
from optimizer.cdk import OptimizedFunction
stack = cdk.Stack(cdk.App(outdir="cdk.out"), "Stack")
def add(name, tree):
    {construct}
# What jsii loads at the first construct is none of the files' time.
add("Small", "small")
started = time.monotonic()
add("Large", "tree")
print(time.monotonic() - started)
"""
SPEC = 'OptimizedFunction(stack, name, spec=ImageSpec(runtime="nodejs22.x", steps=[{step}]), handler="index.handler")'
CONSTRUCTS = {
    "packed": SPEC.format(step="SourceCode(tree)"),
    "inputs": SPEC.format(step='Command([["true"]], name="made", inputs=[tree])'),
    "CDK": "lambda_.DockerImageFunction(stack, name, code=lambda_.DockerImageCode.from_image_asset(tree))",
}


def write_tree(directory: Path, files: int, size_bytes: int) -> None:
    """The files: the same bytes in every run."""
    generator = random.Random(20261128)
    for number in range(files):
        folder = directory / "tree" / f"d{number // 100}"
        if number % 100 == 0:
            folder.mkdir(parents=True)
        (folder / f"f{number}.js").write_bytes(generator.randbytes(size_bytes))
    (directory / "small").mkdir()
    for name in ("small", "tree"):
        (directory / name / "Dockerfile").write_text("FROM scratch\n")
        (directory / name / "index.js").write_text("exports.handler = async () => null;\n")
    (directory / "optimizer.lock").write_text(LOCK.replace("python:3.13", "nodejs:22"))


def run(directory: Path, checkout: Path, construct: str, home: Path) -> float:
    """Seconds of one construct."""
    environment = {
        **os.environ,
        "HOME": str(home),
        "PYTHONPATH": str(checkout),
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(directory.parent / "jsii"),
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    }
    command = [sys.executable, "-c", APP.format(construct=construct)]
    done = subprocess.run(command, cwd=directory, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit(f"the construct failed:\n{construct}")
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--bytes", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", type=Path, metavar="DIRECTORY", help="another checkout of this project, to compare with")
    arguments = parser.parse_args()
    sides = {name: (ROOT, construct) for name, construct in CONSTRUCTS.items()}
    if arguments.against:
        sides |= {f"{name} there": (arguments.against.resolve(), CONSTRUCTS[name]) for name in ("packed", "inputs")}
    seconds: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary, "project")
        write_tree(directory, arguments.files, arguments.bytes)
        for number in range(arguments.rounds):
            # Each side goes first in turn, so that the page cache favours none.
            for name in list(sides)[:: -1 if number % 2 else 1]:
                home = Path(temporary, f"home {number} {name}")
                home.mkdir()
                # Nor that one waits for what the other has left to write.
                os.sync()
                for state in STATES:
                    seconds.setdefault((name, state), []).append(run(directory, *sides[name], home))
                # Kept to the end: ext4 creates files many times slower for minutes after others were deleted.
                (directory / "cdk.out").rename(home / "cdk.out")
    print(f"{arguments.files} files of {arguments.bytes} bytes; medians of {arguments.rounds}")
    print(f"{'':8}{'':8}{'seconds':>9}{'to CDK':>9}" + (f"{'there':>9}{'to there':>10}" if arguments.against else ""))
    for name in CONSTRUCTS:
        for state in STATES:
            ours = statistics.median(seconds[name, state])
            line = f"{name:8}{state:8}{ours:9.2f}{ours / statistics.median(seconds['CDK', state]):9.2f}"
            if (f"{name} there", state) in seconds:
                there = statistics.median(seconds[f"{name} there", state])
                line += f"{there:9.2f}{ours / there:10.2f}"
            print(line)


if __name__ == "__main__":
    main()
