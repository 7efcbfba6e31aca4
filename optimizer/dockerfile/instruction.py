"""A Dockerfile as values, each with its exact place in the text.

Lines and columns count from 1, columns in characters; the end of a span is
the place just after its last character, as in SARIF.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

KEYWORDS = frozenset(
    [
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    ]
)
"""Source: https://docs.docker.com/reference/dockerfile/#overview"""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From a place up to, and without, another."""

    start: Position
    end: Position


@dataclass(frozen=True, slots=True)
class SourceText:
    """Text that was joined from pieces of a file, and where each piece stands there.

    ``pieces`` are triples of an offset in ``text``, a line and a column, in
    order, the first at offset 0.
    """

    text: str
    pieces: tuple[tuple[int, int, int], ...]

    def position(self, offset: int) -> Position:
        """The place of the character at the offset."""
        start, line, column = self.pieces[bisect_right(self.pieces, (offset, 1 << 62, 0)) - 1]
        return Position(line, column + offset - start)

    def span(self, start: int, end: int) -> Span:
        """The span of ``text[start:end]``; of no text, the empty span at its place."""
        if end <= start:
            return Span(self.position(start), self.position(start))
        last = self.position(end - 1)
        return Span(self.position(start), Position(last.line, last.column + 1))


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is written, with its quotes, and its offsets in the text that it was read from."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag such as ``--from=build``; ``value`` is None where there is no ``=``, and has lost its quotes."""

    name: str
    value: str | None
    start: int
    end: int

    def fields(self) -> dict[str, str]:
        """The value as ``key=value`` fields, as mounts have them; a key alone has an empty value."""
        pairs = (part.partition("=") for part in (self.value or "").split(","))
        return {key.strip().lower(): value for key, _, value in pairs if key.strip()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heredoc:
    """A here-document: its body as it is written, without the line of its terminator.

    ``expand`` is False where the name was quoted; ``strip_tabs`` is True for
    ``<<-``, whose leading tabs the builder takes off.
    """

    name: str
    body: SourceText
    expand: bool = True
    strip_tabs: bool = False

    @property
    def content(self) -> str:
        """The body as the builder sees it, before variables."""
        if not self.strip_tabs:
            return self.body.text
        return "\n".join(line.lstrip("\t") for line in self.body.text.split("\n"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction.

    ``keyword`` is in upper case.  ``value`` is the rest of its lines joined
    into one, flags and all; ``source`` the joined text with its places, to
    which all offsets here refer; ``arguments`` what follows the flags, from
    the offset ``arguments_start`` on.  ``words`` are the arguments' words, by
    the keyword's own way of splitting; empty where the shell splits them (RUN,
    CMD, ENTRYPOINT and HEALTHCHECK in shell form).  ``json`` holds the items of
    the JSON form, None in any other.  ``nested`` is the instruction of ONBUILD.
    ``span`` covers everything, here-documents too.
    """

    keyword: str
    value: str
    span: Span
    source: SourceText
    keyword_start: int = 0
    flags: tuple[Flag, ...] = ()
    arguments: str = ""
    arguments_start: int = 0
    words: tuple[Word, ...] = ()
    json: tuple[str, ...] | None = None
    heredocs: tuple[Heredoc, ...] = ()
    nested: Instruction | None = None
    empty_lines: tuple[int, ...] = ()

    @property
    def line(self) -> int:
        """Its first line."""
        return self.span.start.line

    @property
    def keyword_span(self) -> Span:
        """The span of the keyword."""
        return self.source.span(self.keyword_start, self.keyword_start + len(self.keyword))

    @property
    def head(self) -> Span:
        """The instruction without its here-documents."""
        return self.source.span(self.keyword_start, len(self.source.text.rstrip()))

    def at(self, part: Word | Flag) -> Span:
        """The span of one of its words or flags."""
        return self.source.span(part.start, part.end)

    def flag(self, name: str) -> Flag | None:
        """The first flag of the name, without its dashes; None when there is none."""
        return next((flag for flag in self.flags if flag.name == name), None)

    def pairs(self) -> Iterator[tuple[str, str | None, Word]]:
        """Names and raw values of ARG, ENV and LABEL; the value is None where an ARG has none.

        The old form ``ENV name value`` gives its one pair.
        """
        if self.keyword != "ARG" and self.words and "=" not in self.words[0].text:
            first = self.words[0]
            value = self.arguments[first.end - self.arguments_start :].strip()
            yield first.text, value, Word(self.arguments, first.start, self.arguments_start + len(self.arguments))
            return
        for word in self.words:
            name, equals, value = word.text.partition("=")
            yield name, value if equals else None, word


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment on a line of its own, outside or inside an instruction; ``text`` starts after the ``#``."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """A parser directive (``syntax``, ``escape`` or ``check``); the name is in lower case."""

    name: str
    value: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedStage:
    """A stage: its place among the stages from 0, its FROM, and the instructions after that.

    ``origin`` is the image or stage as it is written, variables and all;
    ``name`` is empty when it has none.
    """

    index: int
    origin: str
    name: str
    start: Instruction
    instructions: tuple[Instruction, ...]

    @property
    def title(self) -> str:
        """What messages call it."""
        return f'stage "{self.name}"' if self.name else f"stage {self.index}"

    @property
    def span(self) -> Span:
        """From its FROM to the end of its last instruction."""
        return Span(self.start.span.start, (self.instructions or (self.start,))[-1].span.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dockerfile:
    """A whole Dockerfile; instructions and comments in the order of their first lines."""

    text: str
    instructions: tuple[Instruction, ...]
    stages: tuple[ParsedStage, ...] = ()
    global_arguments: tuple[Instruction, ...] = ()
    directives: tuple[Directive, ...] = ()
    comments: tuple[Comment, ...] = ()
    escape: str = "\\"
    lines: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a text is no Dockerfile, where, and what to do."""

    message: str
    span: Span
    hint: str = ""
