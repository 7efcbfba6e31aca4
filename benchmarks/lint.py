"""``optimizer lint`` against hadolint on the same files, as ratios in one run.

1,000 Dockerfiles, made from the shapes that ``sam init`` writes and that AWS
documents, with other names, versions, comments and more instructions; the same
bytes in every run.  And again 1,000 from the shapes that this project
generates, whose scripts hadolint gives to ShellCheck, which is slow: the first
number is the one to quote.  Both tools get the same files and write JSON.  *Start-up* is a run on one small file: its
time on the processor, with what an installed package has, compiled modules.
*Processes* compares one process with two, to settle from how many files on the
second one pays.

The tools take turns, and medians are compared, because a machine has other
work.  hadolint checks other things; this says what a user waits for, not which
of them finds more.

Run: ``python -m benchmarks.lint``
"""

from __future__ import annotations

import argparse
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHAPES = {"hand-written": "tests/linting/corpus/*/Dockerfile", "generated": "tests/golden/*/Dockerfile"}
HADOLINT = Path(sys.executable).parent / "hadolint"
ONE_SMALL_FILE = 'FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ${LAMBDA_TASK_ROOT}/\nCMD ["app.handler"]\n'
LINES = (
    "LABEL team=team{0}\n",
    "# Of team {0}.\n",
    "ENV SETTING_{0}=value{0}\n",
    "COPY data/file{0}.json /opt/data/\n",
    "RUN dnf install -y package{0} && dnf clean all\n",
    "RUN python -m compileall -q /var/task/part{0} \\\n    && rm -f /tmp/part{0}\n",
    "ARG OPTION_{0}=1\n",
)
_FORCED = "import sys, optimizer.checking.check as check; check.PARALLEL_FROM = {0}; sys.argv = ['optimizer', *sys.argv[1:]]; from optimizer.cli.main import main; main()"


@dataclass(frozen=True, slots=True)
class Run:
    """One run: seconds on the clock, and on the processor in all of its processes."""

    wall_s: float
    cpu_s: float


def write_files(directory: Path, shapes: str, count: int) -> list[str]:
    """The Dockerfiles, each in a directory of its own."""
    generator = random.Random(20261124)
    texts = [path.read_text(encoding="utf-8") for path in sorted(ROOT.glob(shapes))]
    found = []
    for number in range(count):
        path = directory / f"service{number:04}" / "Dockerfile"
        path.parent.mkdir(parents=True)
        path.write_text(_varied(generator.choice(texts), generator, number), encoding="utf-8")
        found.append(str(path))
    return found


def _varied(text: str, generator: random.Random, number: int) -> str:
    """The text with names of its own, and a few lines more before its last one."""
    text = re.sub(r"\bapp\b", f"app{number}", text)
    text = re.sub(r"python:3\.1[123]", lambda _: f"python:3.{generator.choice((11, 12, 13))}", text)
    lines = text.rstrip("\n").split("\n")
    end = max((index for index, line in enumerate(lines) if line.startswith("CMD")), default=len(lines))
    more = [generator.choice(LINES).format(generator.randrange(100)) for _ in range(generator.randrange(8))]
    return "\n".join(lines[:end]) + "\n" + "".join(more) + "".join(f"{line}\n" for line in lines[end:])


def measure(argv: Sequence[str], directory: Path, environment: Mapping[str, str]) -> Run:
    """Run a tool with its output thrown away; it may find something, and must not fail otherwise."""
    before, start = os.times(), time.perf_counter()
    result = subprocess.run(
        argv, cwd=directory, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, timeout=600
    )
    wall, after = time.perf_counter() - start, os.times()
    if result.returncode not in (0, 1):
        raise SystemExit(f"{argv[0]} ended with {result.returncode}: {result.stderr.decode()}")
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Run(wall, used)


def in_turns(runs: Mapping[str, Callable[[], Run]], rounds: int) -> dict[str, Run]:
    """The median of each; every round runs all of them, after one that only fills the caches."""
    found: dict[str, list[Run]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            made = run()
            if number:
                found[name].append(made)
    return {
        name: Run(statistics.median(run.wall_s for run in made), statistics.median(run.cpu_s for run in made))
        for name, made in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--processes", action="store_true", help="compare one process with two as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary).resolve()
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        environment.update(PYTHONPATH=str(ROOT), PYTHONPYCACHEPREFIX=str(directory / "compiled"))
        fleets = {name: write_files(directory / name, shapes, options.files) for name, shapes in SHAPES.items()}
        small = directory / "small" / "Dockerfile"
        small.parent.mkdir()
        small.write_text(ONE_SMALL_FILE, encoding="utf-8")

        def ours(*paths: str) -> Callable[[], Run]:
            argv = [sys.executable, "-m", "optimizer", "lint", "--format", "json", *paths]
            return lambda: measure(argv, directory, environment)

        def theirs(*paths: str) -> Callable[[], Run]:
            argv = [str(HADOLINT), "--no-fail", "--format", "json", *paths]
            return lambda: measure(argv, directory, environment)

        for name, files in fleets.items():
            _table(f"{len(files)} files, {name}", in_turns({"optimizer lint": ours(*files), "hadolint": theirs(*files)}, options.rounds))
        _table(
            "start-up, one small file", in_turns({"optimizer lint": ours(str(small)), "hadolint": theirs(str(small))}, 3 * options.rounds)
        )
        if options.processes:
            files = fleets["hand-written"]
            for count in (100, 200, 300, 400, 600, 1000):
                runs = {
                    f"{processes} at {count} files": _forced(files[:count], processes, directory, environment)
                    for processes in ("one process", "two processes")
                }
                _table(f"processes, {count} files", in_turns(runs, options.rounds))


def _forced(files: Sequence[str], processes: str, directory: Path, environment: Mapping[str, str]) -> Callable[[], Run]:
    # Two processes from half as many files on as there are; one from more than there are.
    start = len(files) if processes.startswith("two") else 4 * len(files)
    argv = [sys.executable, "-c", _FORCED.format(start), "lint", "--format", "json", *files]
    return lambda: measure(argv, directory, environment)


def _table(title: str, runs: Mapping[str, Run]) -> None:
    base = list(runs.values())[-1]
    print(f"\n{title}\n{'':<28}{'wall s':>9}{'ratio':>8}{'cpu s':>9}{'ratio':>8}")
    for name, run in runs.items():
        # The clock of processes counts in hundredths of a second.
        cpu = f"{run.cpu_s / base.cpu_s:.2f}" if base.cpu_s >= 0.02 else "-"
        print(f"{name:<28}{run.wall_s:>9.3f}{run.wall_s / base.wall_s:>8.2f}{run.cpu_s:>9.2f}{cpu:>8}", flush=True)


if __name__ == "__main__":
    main()
