"""Who owns a file, by a repository's ``CODEOWNERS``.

The forms of GitHub and of GitLab: a pattern and its owners on each line, of
which the last that matches counts.  GitLab's sections count each for
themselves, and may name owners for lines without any.
https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
https://docs.gitlab.com/user/project/codeowners/reference/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PLACES = (".github/CODEOWNERS", ".gitlab/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where the file may be; the first that is there counts."""

_SECTION = re.compile(r"\^?\[(?P<name>[^\]]+)\](?:\[\d+\])?(?P<owners>(?:\s+\S+)*)\s*")
_WORD = re.compile(r"(?:\\.|[^\s\\])+")
_TOKEN = re.compile(r"\\.|\*+|.", re.DOTALL)
_TOKENS = {"*": "[^/]*", "?": "[^/]"}
_ANY_DIRECTORIES = "(?:[^/]+/)*"
_LONGEST = 500
_MOST_STARS = 8


@dataclass(frozen=True, slots=True)
class _Line:
    section: str
    pattern: re.Pattern[str]
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeOwners:
    """The lines of a ``CODEOWNERS``; ``CodeOwners()`` names nobody.

    ``unread`` are the numbers of the lines that neither GitHub nor GitLab
    obeys, such as those with ``!``.
    """

    lines: tuple[_Line, ...] = ()
    unread: tuple[int, ...] = ()

    @classmethod
    def parse(cls, text: str) -> CodeOwners:
        """What the text of the file says."""
        lines: list[_Line] = []
        unread: list[int] = []
        section, default = "", ()
        for number, words in _lines(text):
            if (match := _SECTION.fullmatch(" ".join(words))) and words[0].startswith(("[", "^[")):
                section, default = match["name"].casefold(), tuple(match["owners"].split())
                continue
            pattern = _pattern(words[0])
            if pattern is None:
                unread.append(number)
            else:
                lines.append(_Line(section, pattern, tuple(words[1:]) or default))
        return cls(lines=tuple(lines), unread=tuple(unread))

    def of(self, path: str) -> tuple[str, ...]:
        """The owners of a file or a directory, by its path in the repository; empty where it has none."""
        found: dict[str, tuple[str, ...]] = {}
        for line in self.lines:
            if line.pattern.fullmatch(path):
                found[line.section] = line.owners
        return tuple(dict.fromkeys(owner for owners in found.values() for owner in owners))

    def of_all(self, paths: Sequence[str]) -> tuple[str, ...]:
        """The owners of several files, each once."""
        return tuple(dict.fromkeys(owner for path in paths for owner in self.of(path)))


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """The words of each line that has some, without comments."""
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        words: list[str] = []
        for word in _WORD.findall(line):
            if word.startswith("#"):
                break
            words.append(word)
        if words:
            yield number, words


def _pattern(text: str) -> re.Pattern[str] | None:
    """The paths that a pattern matches, those below a directory that it matches among them; None for what is no pattern here."""
    if len(text) > _LONGEST or text.count("*") > _MOST_STARS or text.startswith("!") or re.search(r"(?<!\\)[\[\]]", text):
        return None
    *directories, last = text.strip("/").split("/")
    # A slash other than at the end ties a pattern to the root.
    tied = "/" in text.rstrip("/")
    above = "".join(_ANY_DIRECTORIES if part == "**" else f"{_segment(part)}/" for part in directories)
    if last == "**" or not last:
        end = ".*"
    elif last == "*" and tied and not text.endswith("/"):
        # Unlike any other pattern, it holds for the files of the directory alone.
        end = "[^/]+"
    else:
        end = f"{_segment(last)}(?:/.*)?"
    return re.compile(f"{'' if tied else _ANY_DIRECTORIES}{above}{end}", re.DOTALL)


def _segment(text: str) -> str:
    return _TOKEN.sub(lambda match: _TOKENS.get(match[0][0]) or re.escape(match[0].removeprefix("\\")), text)
