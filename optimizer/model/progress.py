"""What happens while images are made and published, as values, for whoever watches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """A piece of work that takes a while; each is itself alone, however equal another looks.

    ``action`` is ``asking``, ``making``, ``building`` (by an engine), ``bringing`` (a
    base), ``sending``, ``copying``, ``writing``, ``comparing``, ``resolving``,
    ``looking``, ``finding``, ``checking`` or ``reading``; ``subject`` is a stage, some
    of them, or a base, ``place`` the image or the repository that it is for,
    ``size`` its bytes, zero where these are unknown, ``count`` the things to be
    done where it is made of many, and ``reason`` why it has to be done so.
    """

    action: str
    subject: str
    place: str = ""
    size: int = 0
    count: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """A task has begun."""

    task: Task


@dataclass(frozen=True, slots=True)
class Moved:
    """So many bytes of a task, or things of one with a count, are done; fewer than before where it had to start again."""

    task: Task
    done: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A task has ended after so many seconds, well or not; ``outcome`` is what it found out."""

    task: Task
    seconds: float
    well: bool = True
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """So many layers are wanted for the images to push, so many of them are there, and so many have to be made."""

    images: int
    layers: int
    found: int
    made: int


@dataclass(frozen=True, slots=True)
class Pushed:
    """An image has its tag."""

    reference: str


@dataclass(frozen=True, slots=True)
class Noted:
    """Something that people should know."""

    text: str


Event = Begun | Moved | Ended | LookedUp | Pushed | Noted
Report = Callable[[Event], None]
"""Takes what happens, from any thread."""
