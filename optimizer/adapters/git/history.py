"""From commits to deployments.

A *deployment* is a day (UTC) with commits on the first parent: what is
merged or pushed within a day goes out together.  So a branch counts when it is
merged, as one change, however many commits it has.  What a deployment changed
is the difference between the last commit of the day before it and its own last one: what was
changed and changed back on one day is no change.
"""

from __future__ import annotations

import datetime
import itertools
import posixpath
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from optimizer.adapters.git.program import GitFailure, run_git
from optimizer.model.history import Commit, Deployment, History, PathChange

DAYS = 365
"""Days before the newest commit that count."""

COMMITS = 20_000
"""Commits that are looked at; more of them in a year are not."""

_RENAMES = 1_000
"""Files of a commit beyond which git does not look for files that were renamed and changed."""

_REWRITTEN = 4
"""A history whose commits were authored on this many times more days than they were committed on was rewritten."""

_EMPTY = "0" * 40

_SUBMODULE = "160000"
"""The mode of a submodule in a tree."""


def read_history(project: Path, *, days: int = DAYS, commits: int = COMMITS) -> History:
    """The deployments of the project in the directory, the newest first.

    Raises :class:`GitFailure` where there is no repository, no commit, or no
    git; the text ends a sentence.
    """
    top = Path(run_git(project, ["rev-parse", "--show-toplevel"]).rstrip("\n"))
    inside = run_git(project, ["rev-parse", "--show-prefix"]).rstrip("\n").rstrip("/") or "."
    shallow = run_git(project, ["rev-parse", "--is-shallow-repository"]).strip() == "true"
    found = _commits(top, commits)
    notes = []
    if shallow:
        notes.append(f"this is a shallow clone with {len(found)} commits of history: git fetch --unshallow gets the rest")
    elif len(found) == commits:
        notes.append(f"no more than the newest {commits:,} commits count")
    dates = _dates(found)
    if dates.rewritten:
        notes.append("the commits were rewritten within a few days, so the days on which they were authored count")
    bounds = _bounds(found, dates.days, days)
    partial = _is_partial(top)
    if partial:
        notes.append("this is a partial clone, in which files that were renamed and changed at once count as new")
    found_changes = _changes(top, [(before, after) for before, after, _ in bounds], "-M100%" if partial else "-M")
    changes = _followed(top, inside, bounds, found_changes)
    return History(
        head=found[0].id,
        day=dates.days[0],
        top=top,
        inside=inside,
        deployments=tuple(
            Deployment(day=day, before=before, after=after, changes=changed, inside=there)
            for (before, after, day), (changed, there) in zip(bounds, changes, strict=True)
        ),
        notes=tuple(notes),
        submodules=tuple(_seen_from(inside, path) for path in _submodules(top)),
    )


def is_before(project: Path, commit: str) -> bool:
    """Whether a commit is the newest one or one before it; not, where it is not there at all."""
    try:
        run_git(project, ["merge-base", "--is-ancestor", commit, "HEAD"])
    except GitFailure:
        return False
    return True


def commit_of(project: Path, name: str) -> str | None:
    """The id of the commit that a branch, a tag or an id names; None where there is none."""
    try:
        return run_git(project, ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"]).strip()
    except GitFailure:
        return None


def _commits(top: Path, limit: int) -> list[Commit]:
    """The commits of the first parent, the newest first, never none."""
    try:
        run_git(top, ["rev-parse", "--verify", "--quiet", "HEAD"])
    except GitFailure:
        raise GitFailure("there is no commit yet") from None
    words = ["rev-list", "--first-parent", f"--max-count={limit}", "--format=%H %ct %at", "--no-commit-header", "HEAD", "--"]
    try:
        text = run_git(top, words)
    except GitFailure:
        # Versions before 2.33 know no --no-commit-header.
        text = run_git(top, [word for word in words if word != "--no-commit-header"])
    rows = [line.split(" ") for line in text.splitlines() if not line.startswith("commit ")]
    return [Commit(id, int(committed), int(authored)) for id, committed, authored in rows]


class _Dates:
    """The day of each commit, never later than that of the one after it: clocks differ between machines."""

    def __init__(self, days: Sequence[datetime.date], rewritten: bool) -> None:
        self.days = list(itertools.accumulate(days, min))
        self.rewritten = rewritten


def _dates(commits: Sequence[Commit]) -> _Dates:
    committed = [_day(commit.committed) for commit in commits]
    authored = [_day(commit.authored) for commit in commits]
    rewritten = len({*authored}) >= _REWRITTEN * len({*committed})
    return _Dates(authored if rewritten else committed, rewritten)


def _day(seconds: int) -> datetime.date:
    start = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    # What no calendar has, a damaged commit has.
    return (start + datetime.timedelta(seconds=min(max(seconds, 0), 253_402_300_799))).date()


def _bounds(commits: Sequence[Commit], days: Sequence[datetime.date], most: int) -> list[tuple[str, str, datetime.date]]:
    """The first and the last commit of each deployment, with its day; the oldest day has nothing before it, and is none."""
    first = days[0] - datetime.timedelta(days=most)
    newest: dict[datetime.date, str] = {}
    for commit, day in zip(commits, days, strict=True):
        newest.setdefault(day, commit.id)
    lasts = list(newest.items())
    return [(before, after, day) for (day, after), (_, before) in itertools.pairwise(lasts) if day > first]


def _submodules(top: Path) -> list[str]:
    """The submodules of the newest commit, as paths of the repository."""
    if not (top / ".gitmodules").exists():
        return []
    entries = run_git(top, ["ls-tree", "-r", "-z", "--full-tree", "HEAD"]).split("\0")
    return [entry.partition("\t")[2] for entry in entries if entry.startswith(f"{_SUBMODULE} ")]


def _is_partial(top: Path) -> bool:
    """Whether files of old commits may not be there."""
    try:
        return bool(run_git(top, ["config", "--get-regexp", r"^(remote\..*\.promisor|extensions\.partialclone)$"]).strip())
    except GitFailure:
        return False


def _changes(top: Path, pairs: Sequence[tuple[str, str]], renames: str) -> list[list[PathChange]]:
    """What changed between the commits of each pair, in their order; paths are those of the repository."""
    if not pairs:
        return []
    words = ["diff-tree", "--stdin", "-r", "--raw", "-z", "--no-abbrev", renames, f"-l{_RENAMES}", "--no-ext-diff", "--no-textconv"]
    text = run_git(top, [*words, "--no-color", "--ignore-submodules=none"], "".join(f"{after} {before}\n" for before, after in pairs))
    return _parsed(text, [after for _, after in pairs])


def _parsed(text: str, order: Sequence[str]) -> list[list[PathChange]]:
    """The changes of each commit of the order; one without changes has no text."""
    found: dict[str, list[PathChange]] = {}
    words = iter(text.split("\0"))
    current: list[PathChange] = []
    for word in words:
        if not word.startswith(":"):
            if word:
                current = found.setdefault(word.strip("\n"), [])
            continue
        old_mode, new_mode, old, new, status = word[1:].split(" ")
        path = next(words)
        after = next(words) if status[0] in "RC" else path
        same = old == new and old != _EMPTY and old_mode == new_mode
        current.append(PathChange(before="" if status[0] in "AC" else path, after="" if status[0] == "D" else after, same=same))
    return [found.get(commit, []) for commit in order]


def _followed(
    top: Path, inside: str, bounds: Sequence[tuple[str, str, datetime.date]], changes: Sequence[Sequence[PathChange]]
) -> Iterator[tuple[tuple[PathChange, ...], str]]:
    """The changes of each deployment, the newest first, as seen from the project, and where that was before them.

    A project that was moved as a whole is followed; files that only moved with it did not change.
    """
    after = inside
    for (commit, _, _), changed in zip(bounds, changes, strict=True):
        before = _origin(top, commit, after, changed)
        seen = [PathChange(_seen_from(before, change.before), _seen_from(after, change.after), change.same) for change in changed]
        yield tuple(change for change in seen if not (change.same and change.before == change.after)), before
        after = before


def _origin(top: Path, commit: str, inside: str, changes: Sequence[PathChange]) -> str:
    """Where the project was at the commit before some changes: where most of its files come from, if it was not at its place."""
    if inside == ".":
        return inside
    moved = Counter(
        origin
        for change in changes
        if change.before and change.before != change.after and (origin := _moved_from(change, inside)) not in (None, inside)
    )
    if not moved or _is_there(top, commit, inside):
        return inside
    return min(moved, key=lambda origin: (-moved[origin], origin))


def _moved_from(change: PathChange, inside: str) -> str | None:
    """Where a project below the top was, if a file of it was moved with it; None for other files."""
    below = change.after.removeprefix(f"{inside}/")
    if below == change.after:
        return None
    if change.before == below:
        return "."
    return change.before.removesuffix(f"/{below}") if change.before.endswith(f"/{below}") else None


def _is_there(top: Path, commit: str, path: str) -> bool:
    """Whether there was a directory or a file at a path of the repository."""
    try:
        return bool(run_git(top, ["rev-parse", "--verify", "--quiet", f"{commit}:{path}"]))
    except GitFailure:
        return False


def _seen_from(inside: str, path: str) -> str:
    """A path of the repository, relative to the project; empty for none."""
    return path if inside == "." or not path else posixpath.relpath(path, inside)
