"""Processor time of programs, in the seconds of the machine that limits are written for: another machine may take three times as long."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable

START_S = 0.013
"""What Python takes there to start."""
_TIMES = 5


def quickest(work: Callable[[], object]) -> float:
    """The least processor time of the programs that the work starts and waits for.

    Each time is measured by what Python takes to start just then: what else
    the machine does makes both longer, and what is left after that, the least of
    several times has not.
    """
    return min(_spent(work) * min(1.0, START_S / _spent(_start)) for _ in range(_TIMES))


def _start() -> None:
    subprocess.run([sys.executable, "-I", "-c", ""], check=True)


def _spent(work: Callable[[], object]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
