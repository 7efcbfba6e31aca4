"""The commands of a RUN, as far as they can be separated without running a shell.

No shell is run or imitated: text is cut at operators and white space outside
quotes.  What is inside ``$(…)`` and back quotes is cut as well, so that every
command is seen; variables stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from optimizer.dockerfile.instruction import Instruction, SourceText, Span
from optimizer.dockerfile.words import unquoted

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\f\v]+|\\\n)"""
    r"""|(?P<comment>(?<![^\s;&|()])\#[^\n]*)"""
    r"""|(?P<operator>&&|\|\||;;|\$\(|[;&|()\n`]|(?:\d+|&)?(?:<<-?|>>|>\||[<>]&?)(?:(?:\d+|-)(?![^\s;&|()<>]))?)"""
    r"""|(?P<word>(?:[^\s'"\\;&|()<>`$]+|\$(?!\()|\\(?:.|\Z)|'[^']*(?:'|\Z)|"(?:[^"\\]+|\\.)*(?:"|\\?\Z))+)"""
    r"""|(?P<other>.)""",
    re.DOTALL | re.VERBOSE,
)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_RESERVED = frozenset(["!", "{", "}", "do", "done", "elif", "else", "esac", "fi", "if", "then", "time", "until", "while"])
_WRAPPERS = frozenset(["command", "env", "exec", "nice", "nohup", "sudo"])
_SHELLS = frozenset(["ash", "bash", "dash", "ksh", "sh"])
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command: its words without quotes, and where they stand.

    The first word is the program, without its directory; assignments and
    wrappers such as ``sudo`` before it are left out.
    """

    words: tuple[str, ...]
    source: SourceText
    places: tuple[tuple[int, int], ...]

    @property
    def program(self) -> str:
        """The name of the program."""
        return self.words[0].rpartition("/")[2]

    @property
    def span(self) -> Span:
        """From its first word to its last."""
        return self.source.span(self.places[0][0], self.places[-1][1])

    def at(self, index: int) -> Span:
        """The span of one word."""
        return self.source.span(*self.places[index])

    def has(self, *options: str) -> bool:
        """Whether one of the options is given, alone or with ``=value``."""
        return any(word.partition("=")[0] in options for word in self.words[1:])


def commands(instruction: Instruction) -> tuple[Command, ...]:
    """The commands of a RUN, in order: its own text's, and those of a here-document that the shell runs."""
    if instruction.keyword != "RUN":
        return ()
    if instruction.json is not None:
        places = tuple((word.start, word.end) for word in instruction.words)
        return tuple(_simple(list(instruction.json), list(places), instruction.source, 0))
    start = instruction.arguments_start
    found = tuple(_cut(instruction.source, start, start + len(instruction.arguments), 0))
    # A command with words takes the bodies as its input; without any, they are scripts.
    if not any(command.words for command in found):
        for heredoc in instruction.heredocs:
            if not heredoc.body.text.startswith("#!"):
                found += tuple(_cut(heredoc.body, 0, len(heredoc.body.text), 0))
    return found


def _cut(source: SourceText, start: int, end: int, depth: int) -> Iterator[Command]:
    words: list[str] = []
    places: list[tuple[int, int]] = []
    redirected = False
    for match in _TOKEN.finditer(source.text, start, end):
        kind = match.lastgroup
        if kind in ("word", "other"):
            if redirected:
                redirected = False
                continue
            words.append(unquoted(match[0]))
            places.append((match.start(), match.end()))
        elif kind == "operator":
            # Between double brackets, operators compare.
            if "[[" in words and "]]" not in words and match[0] not in (";", "\n"):
                continue
            if "<" in match[0] or ">" in match[0]:
                redirected = match[0][-1] in "<>|-" or match[0].endswith("&")
                continue
            redirected = False
            yield from _simple(words, places, source, depth)
            words, places = [], []
    yield from _simple(words, places, source, depth)


def _simple(words: list[str], places: list[tuple[int, int]], source: SourceText, depth: int) -> Iterator[Command]:
    position = 0
    wrapped = False
    while position < len(words):
        word = words[position]
        # It asks whether there is such a command, and runs none.
        if word == "command" and words[position + 1 : position + 2] in (["-v"], ["-V"]):
            break
        if word in _WRAPPERS:
            wrapped = True
        elif not (_ASSIGNMENT.match(word) or word in _RESERVED or (wrapped and word.startswith("-"))):
            break
        position += 1
    words, places = words[position:], places[position:]
    if not words:
        return
    yield Command(tuple(words), source, tuple(places))
    if words[0].rpartition("/")[2] in _SHELLS and depth < _DEEPEST:
        for index, word in enumerate(words[1:-1], 1):
            if re.fullmatch(r"-[a-z]*c", word):
                # The script has lost its quotes, so its commands stand where the whole script stands.
                yield from _inner(words[index + 1], places[index + 1], source, depth + 1)
                break


def _inner(script: str, place: tuple[int, int], source: SourceText, depth: int) -> Iterator[Command]:
    where = source.position(place[0])
    inner = SourceText(script, ((0, where.line, where.column),))
    for command in _cut(inner, 0, len(script), depth):
        yield Command(command.words, source, tuple(place for _ in command.words))
