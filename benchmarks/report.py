"""A report over 40 repositories with 400 functions, against one command in each of them.

    python -m benchmarks.report [--rounds 3]

Prints the seconds of wall and of processor time of the one and of the forty,
and their ratio.  The forty run one after another, as the jobs of forty teams
would on one machine.  Both read and judge the same files by the same rules.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.installed import installed
from tests.estate.generated import write_estate

REPOSITORIES = 40
FUNCTIONS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="[default: 3]")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch) / "repositories"
        truth = write_estate(directory, repositories=REPOSITORIES, functions=FUNCTIONS)
        paths = sorted(map(str, directory.iterdir()))
        environment = installed(Path(scratch) / "bytecode")
        ratios: list[float] = []
        print(f"{truth.functions} functions in {len(paths)} repositories")
        print(f"{'':8}{'all at once':>24}{'one by one':>24}{'ratio of wall time':>21}")
        for number in range(arguments.rounds):
            once = _timed([paths], environment)
            alone = _timed([[path] for path in paths], environment)
            ratios.append(once[0] / alone[0])
            print(f"round {number + 1:2}{_seconds(once):>24}{_seconds(alone):>24}{ratios[-1]:21.3f}", flush=True)
        print(f"median{statistics.median(ratios):71.3f}")


def _timed(runs: Sequence[Sequence[str]], environment: Mapping[str, str]) -> tuple[float, float]:
    """Seconds of wall and of processor time of the reports, one after another."""
    before, start = _processor(), time.perf_counter()
    for paths in runs:
        argv = [sys.executable, "-m", "optimizer", "report", *paths, "--format", "json"]
        subprocess.run(argv, env=environment, check=True, stdout=subprocess.DEVNULL, timeout=600)
    return time.perf_counter() - start, _processor() - before


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _seconds(pair: tuple[float, float]) -> str:
    return f"{pair[0]:.2f} s ({pair[1]:.2f} s cpu)"


if __name__ == "__main__":
    main()
