"""What happens while images are made and published: as lines, and as a few lines that change."""

from __future__ import annotations

import unicodedata

from optimizer.model.progress import Begun, Ended, Event, LookedUp, Moved, Noted, Pushed, Task
from optimizer.report.names import short_digits
from optimizer.report.sizes import size_text

_RIGHT = 27
"""Columns for bytes and seconds."""
_LONG_S = 2.0
"""What takes less is told when it begins, or not at all."""
_DONE = {
    "bringing": "brought",
    "checking": "checked",
    "finding": "looked for",
    "looking": "looked",
    "reading": "read",
    "resolving": "resolved",
}


def progress_line(event: Event) -> str:
    """What a log says of an event; empty where it says nothing."""
    match event:
        case Begun(Task(action="bringing") as task):
            return f"bringing the base {task.subject} to {task.place}"
        case Begun(Task(action="building") as task):
            return f"building {task.subject} of {task.place}: {task.reason}"
        case Begun(Task(action="reading" | "resolving") as task):
            return f"{task.action} {_shown(task)}"
        case Begun(Task(action="looking") as task):
            return f"looking {task.subject} in its layers, of {size_text(task.size)} in all"
        case Begun(Task(action="comparing") as task):
            return f"comparing {task.subject} of {task.place}"
        case Ended(Task() as task, seconds, True) if task.action in _DONE and seconds >= _LONG_S:
            return f"{_DONE[task.action]} {_shown(task)} in {seconds:.1f} s"
        case Ended(Task(action="comparing") as task, seconds, True):
            return f"compared {task.subject} of {task.place} in {seconds:.0f} s"
        case Ended(Task(action="building") as task, seconds, True):
            return f"built {task.subject} of {task.place} in {seconds:.1f} s"
        case Ended(Task(action="asking") as task, seconds, True, outcome):
            return f"asked {task.subject} for its Python in {seconds:.1f} s: {outcome}"
        case LookedUp(_, layers, found, made) if found < layers:
            return f"{found} of {layers} layers are there, {made} to be made"
        case Pushed(reference):
            return f"pushed {reference}"
        case Noted(text):
            return text
    return ""


def stays(event: Event) -> bool:
    """Whether a terminal keeps the line of an event, when the lines that change are gone."""
    return isinstance(event, Noted) or (isinstance(event, Begun) and event.task.action == "building")


class Board:
    """Lines that change while images are published: a summary, and what is being done now."""

    def __init__(self, started: float) -> None:
        self._started = started
        self._images = 0
        self._layers = ""
        self._pushed = 0
        self._sent = 0
        self._written = 0
        self._tasks: dict[Task, tuple[float, int]] = {}

    def take(self, event: Event, now: float) -> None:
        """Remember what an event changes; ``now`` is in seconds, as ``started`` was."""
        match event:
            case Begun(task):
                self._tasks[task] = (now, 0)
            case Moved(task, done):
                began, before = self._tasks.get(task, (now, 0))
                self._tasks[task] = (began, done)
                if task.action in ("sending", "copying"):
                    self._sent += max(0, done - before)
                elif task.action == "writing":
                    self._written += max(0, done - before)
            case Ended(task):
                self._tasks.pop(task, None)
            case LookedUp(images, layers, found):
                self._images = images
                self._layers = f"{found} of {layers} layers found"
            case Pushed():
                self._pushed += 1

    def lines(self, width: int, height: int, now: float) -> list[str]:
        """At most ``height`` lines, each of fewer than ``width`` columns."""
        parts = [f"{self._pushed} of {self._images} images pushed"] if self._images else []
        parts += [self._layers] if self._layers else []
        parts += [f"{size_text(self._sent)} sent"] if self._sent else []
        parts += [f"{size_text(self._written)} written"] if self._written else []
        parts.append(f"{now - self._started:.1f} s")
        tasks = list(self._tasks.items())
        shown = tasks if len(tasks) < height else tasks[: max(0, height - 2)]
        lines = [", ".join(parts), *(_row(task, now - began, done, width - 1) for task, (began, done) in shown)]
        if len(shown) < len(tasks):
            lines.append(f"  and {len(tasks) - len(shown)} more")
        return [cut(line, width - 1) for line in lines[:height]]


def _row(task: Task, seconds: float, done: int, width: int) -> str:
    amount = ""
    if task.count:
        amount = f"{done} of {task.count}"
    elif task.size and done:
        amount = f"{min(100, 100 * done // task.size)} % of {size_text(task.size)}"
    elif task.size:
        amount = size_text(task.size)
    right = f"{amount:>17} {seconds:>7.1f} s"
    left = cut(f"  {task.action:<9} {short_digits(_shown(task))}", width - _RIGHT - 1)
    return f"{left}{' ' * (width - _RIGHT - columns(left))}{right}"


def _shown(task: Task) -> str:
    connected = {"bringing": "to", "resolving": "from", "finding": "in"}.get(task.action, "of")
    return f"{task.subject} {connected} {task.place}" if task.place else task.subject


def cut(text: str, width: int) -> str:
    """The text in at most so many columns; what a terminal would take for an order is a blank."""
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    if columns(text) <= width:
        return text
    kept, used = "", 0
    for letter in text:
        used += columns(letter)
        if used > width - 3:
            break
        kept += letter
    return f"{kept}..."[: max(0, width)]


def columns(text: str) -> int:
    """The columns that a terminal needs for a text."""
    return sum(0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
