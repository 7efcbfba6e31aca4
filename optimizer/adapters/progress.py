"""Tells of tasks while they are done."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from optimizer.model.progress import Begun, Ended, Moved, Report, Task


class Telling:
    """A task that is being done, and what it found out."""

    def __init__(self, task: Task, report: Report) -> None:
        self._task = task
        self._report = report
        self.outcome = ""

    def chunks(self, chunks: Iterable[bytes], start: int = 0) -> Iterator[bytes]:
        """The same chunks, counted as they are taken; ``start`` is the number of bytes before them."""
        done = start
        for chunk in chunks:
            yield chunk
            done += len(chunk)
            self._report(Moved(self._task, done))


@contextmanager
def told(task: Task, report: Report) -> Iterator[Telling]:
    """Tell that a task begins, and after the block that it has ended."""
    started = time.monotonic()
    telling = Telling(task, report)
    report(Begun(task))
    well = False
    try:
        yield telling
        well = True
    finally:
        report(Ended(task, time.monotonic() - started, well, telling.outcome))
