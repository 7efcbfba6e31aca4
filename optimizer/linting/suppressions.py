"""Findings that someone has set aside, with a reason and perhaps for a time.

In a Dockerfile::

    # optimizer: ignore LIO102 -- the base team pins it in its mirror (until 2027-01-31)
    FROM public.ecr.aws/lambda/python:3.13

A comment is the one place that every builder skips.  ``ignore`` stands before
an instruction, or between its lines, and holds for it; ``ignore-stage`` stands
before a FROM, and holds for its stage; ``ignore-file`` holds for the file.  The
form with ``--`` keeps rules and reason apart without guessing.  A comment
before the parser directives would end them, so suppressions come after.
"""

from __future__ import annotations

import datetime
import fnmatch
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from optimizer.dockerfile.instruction import Comment, Dockerfile
from optimizer.linting.finding import Finding, InconclusiveCheck, Location

_MARK = re.compile(r"optimizer\s*:\s*(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_FORM = re.compile(r"(?P<scope>ignore(?:-stage|-file)?)\s+(?P<rules>[A-Za-z0-9,\s-]+?)\s+--\s+(?P<reason>.*)", re.DOTALL)
_UNTIL = re.compile(r"\(until\s+(?P<date>[^)]*)\)\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """Findings set aside.

    ``rules`` holds ids; ``until`` is the last day on which it holds.
    ``location`` is where it is written.  It holds for findings at ``path`` and
    ``construct``, both patterns as of :func:`path_matches`, between the lines
    ``first`` and ``last``.
    """

    rules: frozenset[str]
    reason: str
    location: Location
    until: datetime.date | None = None
    path: str = "*"
    construct: str = "*"
    first: int | None = None
    last: int | None = None

    def covers(self, finding: Finding | InconclusiveCheck) -> bool:
        """Whether it sets the finding aside, on a day on which it holds."""
        if finding.rule not in self.rules:
            return False
        if not self.speaks_of(finding.location):
            return False
        if self.first is None or self.last is None:
            return True
        span = finding.location.span
        return span is not None and self.first <= span.start.line <= self.last

    def speaks_of(self, location: Location) -> bool:
        """Whether the place lies in the files and constructs that it is for."""
        return path_matches(self.path, location.path) and path_matches(self.construct, location.construct)


class SuppressionIndex:
    """Suppressions, found by finding without a look at each of them."""

    def __init__(self, suppressions: Sequence[Suppression]) -> None:
        # By rule and pattern of path: what holds whatever the line, and what holds between two lines.
        self._whole: dict[str, list[Suppression]] = {}
        self._lines: dict[tuple[str, str], list[tuple[int, int, Suppression]]] = {}
        for item in dict.fromkeys(suppressions):
            for rule in item.rules:
                if item.first is None or item.last is None:
                    self._whole.setdefault(rule, []).append(item)
                else:
                    self._lines.setdefault((rule, item.path), []).append((item.first, item.last, item))
        for rows in self._lines.values():
            rows.sort(key=lambda row: row[:2])
        self._last = {key: list(accumulate((last for _, last, _ in rows), max)) for key, rows in self._lines.items()}

    def covering(self, finding: Finding | InconclusiveCheck) -> Suppression | None:
        """The suppression that sets the finding or the inconclusive check aside, the narrowest first; None when none does."""
        key = (finding.rule, literal(finding.location.path))
        span = finding.location.span
        if span is not None and key in self._lines:
            line = span.start.line
            rows, furthest = self._lines[key], self._last[key]
            position = bisect_right(rows, line, key=lambda row: row[0]) - 1
            while position >= 0 and furthest[position] >= line:
                if rows[position][2].covers(finding):
                    return rows[position][2]
                position -= 1
        return next((item for item in self._whole.get(finding.rule, ()) if item.covers(finding)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """What was meant as a suppression, and is none."""

    message: str
    location: Location


def suppressions_of(dockerfile: Dockerfile, path: str, ids: Mapping[str, str]) -> tuple[list[Suppression], list[Malformed]]:
    """The suppressions that the comments of a Dockerfile hold, in order, and the comments that fail to be one.

    ``ids`` maps the ids and the names of all rules, run or not, to their ids.
    """
    found: list[Suppression] = []
    malformed: list[Malformed] = []
    ends = [instruction.span.end.line for instruction in dockerfile.instructions]
    for comment in dockerfile.comments:
        mark = _MARK.fullmatch(comment.text)
        if mark is None:
            continue
        location = Location(path=path, span=comment.span)
        read = _read(mark["rest"], ids)
        if isinstance(read, str):
            malformed.append(Malformed(message=read, location=location))
            continue
        scope, named, reason, until = read
        lines = _lines(scope, comment, dockerfile, ends)
        if isinstance(lines, str):
            malformed.append(Malformed(message=lines, location=location))
            continue
        first, last = lines
        found.append(Suppression(rules=named, reason=reason, until=until, location=location, path=literal(path), first=first, last=last))
    return found, malformed


def reason_and_end(text: str) -> tuple[str, datetime.date | None] | str:
    """A reason, and the last day that stands behind it as ``(until YYYY-MM-DD)``; or what is wrong."""
    reason, until = text.strip(), None
    end = _UNTIL.search(reason)
    if end:
        try:
            until = datetime.date.fromisoformat(end["date"].strip())
        except ValueError:
            return f'"{end["date"]}" is not a day; allowed: YYYY-MM-DD'
        reason = reason[: end.start()].strip()
    return (reason, until) if reason else "a suppression needs a reason"


def expired(suppressions: Iterable[Suppression], today: datetime.date) -> list[Suppression]:
    """Those whose last day is over."""
    return [item for item in suppressions if item.until is not None and item.until < today]


def _read(text: str, ids: Mapping[str, str]) -> tuple[str, frozenset[str], str, datetime.date | None] | str:
    """Scope, ids, reason and last day; or what is wrong."""
    match = _FORM.fullmatch(text)
    if match is None:
        return "a suppression has the form: optimizer: ignore ID[, ID] -- reason (until YYYY-MM-DD)"
    words = [word for word in re.split(r"[,\s]+", match["rules"]) if word]
    unknown = [word for word in words if word not in ids]
    if unknown:
        return f'no rule is called "{unknown[0]}"'
    read = reason_and_end(match["reason"])
    if isinstance(read, str):
        return read
    reason, until = read
    return match["scope"], frozenset(ids[word] for word in words), reason, until


def _lines(scope: str, comment: Comment, dockerfile: Dockerfile, ends: Sequence[int]) -> tuple[int | None, int | None] | str:
    line = comment.span.start.line
    if scope == "ignore-file":
        return None, None
    # Instructions stand in order, and so do the lines on which they end.
    position = bisect_left(ends, line)
    if position == len(ends):
        return "no instruction follows"
    span = dockerfile.instructions[position].span
    if scope == "ignore":
        return span.start.line, span.end.line
    stage = bisect_left(dockerfile.stages, line, key=lambda stage: stage.start.line)
    if stage == len(dockerfile.stages) or dockerfile.stages[stage].start.span != span:
        return "ignore-stage must be directly before a FROM"
    return dockerfile.stages[stage].span.start.line, dockerfile.stages[stage].span.end.line


def path_matches(pattern: str, path: str) -> bool:
    """Whether the pattern fits the path, or something above it.

    ``*`` stands for any text, with ``/`` too; ``?`` for one character;
    ``[...]`` for one of several.  So ``legacy``, ``legacy/`` and ``legacy/*``
    all mean everything below that directory.
    """
    return fnmatch.fnmatchcase(path, pattern) or fnmatch.fnmatchcase(path, f"{pattern.rstrip('/')}/*")


def literal(path: str) -> str:
    """The pattern that the path alone fits."""
    return re.sub(r"([*?\[])", r"[\1]", path)
