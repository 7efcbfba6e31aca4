"""Small Git repositories, made at once by ``git fast-import``."""

from __future__ import annotations

import datetime
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DAY = datetime.date(2026, 11, 28)
"""The day of the newest commit, mostly."""


@dataclass(frozen=True)
class Made:
    """A commit to make: ``files`` are texts by path, None for files that go; ``moves`` are renames of files and directories.

    ``parent`` and ``merged`` are places among the commits, the first being 0;
    the parent is the one before by default.  ``authored`` is the day of its author.
    """

    day: datetime.date
    files: Mapping[str, str | None]
    moves: Sequence[tuple[str, str]] = ()
    parent: int | None = None
    merged: int | None = None
    authored: datetime.date | None = None
    hour: int = 12


def days_ago(days: int) -> datetime.date:
    return DAY - datetime.timedelta(days=days)


def git(directory: Path, *words: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(["git", "-C", str(directory), *words], env=environment, capture_output=True, check=True)
    return done.stdout.decode()


def repository(directory: Path, commits: Sequence[Made]) -> Path:
    """A repository with the commits, of which the last one is checked out."""
    directory.mkdir(parents=True, exist_ok=True)
    git(directory, "init", "-q", "-b", "main")
    stream = b"".join(_commit(number, commit) for number, commit in enumerate(commits))
    stream += f"reset refs/heads/main\nfrom :{len(commits)}\n\ndone\n".encode()
    subprocess.run(["git", "-C", str(directory), "fast-import", "--quiet", "--done", "--force"], input=stream, check=True)
    git(directory, "reset", "-q", "--hard", "main")
    return directory


def _commit(number: int, commit: Made) -> bytes:
    lines = [
        f"commit refs/heads/made-{number}",
        f"mark :{number + 1}",
        f"author A <a@example.com> {_seconds(commit.authored or commit.day, commit.hour)} +0000",
        f"committer C <c@example.com> {_seconds(commit.day, commit.hour)} +0000",
        "data 1\nx",
    ]
    parent = number - 1 if commit.parent is None else commit.parent
    lines += [f"from :{parent + 1}"] if number else []
    lines += [f"merge :{commit.merged + 1}"] if commit.merged is not None else []
    lines += [f"R {_quoted(old)} {_quoted(new)}" for old, new in commit.moves]
    found = "\n".join(lines).encode() + b"\n"
    for path, text in commit.files.items():
        if text is None:
            found += f"D {_quoted(path)}\n".encode()
        else:
            data = text.encode()
            found += f"M 100644 inline {_quoted(path)}\ndata {len(data)}\n".encode() + data + b"\n"
    return found + b"\n"


def _quoted(path: str) -> str:
    text = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'


def _seconds(day: datetime.date, hour: int) -> int:
    return int(datetime.datetime(day.year, day.month, day.day, hour, tzinfo=datetime.timezone.utc).timestamp())


def committed(directory: Path, day: datetime.date) -> None:
    """Commit what is staged, as of a day."""
    when = f"{_seconds(day, 12)} +0000"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when}
    words = ["git", "-C", str(directory), "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-qm", "x"]
    subprocess.run(words, env=environment, capture_output=True, check=True)
