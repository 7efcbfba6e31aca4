"""From physical lines to logical ones: continuations, comments, directives and here-documents.

This is the part of the syntax that dockerfile-parse misreads, by BuildKit's
rules (``frontend/dockerfile/parser/parser.go``).  Only a line feed ends a
line; carriage returns before it belong to the end of the line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from optimizer.dockerfile.instruction import Comment, Directive, Flag, Heredoc, Position, Problem, SourceText, Span
from optimizer.dockerfile.words import SPACE, heredoc_names

_KEYWORD = re.compile(rf"[{SPACE}]*(?P<keyword>[^\t\v\f\r ]*)[\t\v\f\r ]*")
_DIRECTIVE = re.compile(rf"#[{SPACE}]*(?P<name>[A-Za-z][A-Za-z0-9]*)[{SPACE}]*=[{SPACE}]*(?P<value>.*[^{SPACE}])[{SPACE}]*")
_DIRECTIVES = ("check", "escape", "syntax")
_FLAG = re.compile(
    rf"""[{SPACE}]*(?P<flag>--(?:[^{SPACE}'"\\]+|\\.?|'[^']*(?:'|\Z)|"(?:[^"\\]+|\\.)*(?:"|\\?\Z))*)(?=[{SPACE}]|\Z)""", re.DOTALL
)
_QUOTES = re.compile(r"""\\(.)|['"]""", re.DOTALL)
_WHITE = re.compile(rf"[{SPACE}]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalLine:
    """The lines of one instruction, joined.

    ``first`` and ``last`` are physical lines from 1; here-documents follow
    after ``last`` and end at ``end``.
    """

    source: SourceText
    first: int
    last: int
    keyword: str
    keyword_start: int
    flags: tuple[Flag, ...]
    arguments: str
    arguments_start: int
    json: tuple[str, ...] | None
    heredocs: tuple[Heredoc, ...] = ()
    end: Position
    empty_lines: tuple[int, ...] = ()


@dataclass(slots=True)
class Scan:
    """What a text holds, in order, and what is wrong with it."""

    lines: list[str]
    escape: str = "\\"
    directives: list[Directive] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    logical: list[LogicalLine] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def scan(text: str) -> Scan:
    """The logical lines of a text; the mark of byte order at its start is no part of it."""
    result = Scan([line.rstrip("\r") for line in text.removeprefix("\ufeff").split("\n")])
    rest = iter(enumerate(result.lines, 1))
    directives_possible = True
    for number, line in rest:
        stripped = _lstrip(line)
        if directives_possible:
            directives_possible = _directive(result, number, line, stripped)
        if stripped.startswith("#"):
            result.comments.append(_comment(number, line, stripped))
        elif stripped:
            _logical(result, number, line, stripped, rest)
    return result


def split_flags(text: str, start: int) -> tuple[tuple[Flag, ...], int]:
    """The flags at the start of ``text[start:]``, and the offset of what follows."""
    flags = []
    position = start
    while match := _FLAG.match(text, position):
        position = match.end()
        if match["flag"] == "--":
            break
        name, equals, value = _without_quotes(match["flag"][2:]).partition("=")
        flags.append(Flag(name, value if equals else None, match.start("flag"), position))
    white = _WHITE.match(text, position)
    return tuple(flags), white.end() if white else position


def json_items(text: str) -> tuple[str, ...] | Exception | None:
    """The strings of a JSON list; None for a text that is not a list; an exception for a list of other things."""
    if not text.startswith("["):
        return None
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(items, list):
        return None
    if not all(isinstance(item, str) for item in items):
        return TypeError("the JSON form takes strings only")
    return tuple(items)


def _lstrip(line: str) -> str:
    match = _WHITE.match(line)
    return line[match.end() :] if match else line


def _line_span(number: int, line: str) -> Span:
    return Span(Position(number, 1), Position(number, len(line) + 1))


def _comment(number: int, line: str, stripped: str) -> Comment:
    column = len(line) - len(stripped) + 1
    return Comment(text=stripped[1:].strip(), span=Span(Position(number, column), Position(number, len(line) + 1)))


def _directive(result: Scan, number: int, line: str, stripped: str) -> bool:
    """Take the directive of the line in; False when no more can follow."""
    match = _DIRECTIVE.fullmatch(stripped)
    if match is None or match["name"].lower() not in _DIRECTIVES:
        return False
    name, value, span = match["name"].lower(), match["value"], _line_span(number, line)
    if any(other.name == name for other in result.directives):
        result.problems.append(Problem(f"there is a second {name} directive", span, "remove one of them"))
        return True
    if name == "escape":
        if value not in ("\\", "`"):
            result.problems.append(Problem(f'the escape directive takes "\\" or "`", and not "{value[:20]}"', span, "use one of the two"))
            return True
        result.escape = value
    result.directives.append(Directive(name=name, value=value, span=span))
    return True


def _logical(result: Scan, first: int, line: str, stripped: str, rest: Iterator[tuple[int, str]]) -> None:
    number = first
    column = len(line) - len(stripped) + 1
    content, continued = _continuation(stripped, result.escape)
    parts, pieces, length = [content], [(0, first, column)], len(content)
    end = Position(first, len(line) + 1)
    empty = []
    for number, line in rest if continued else ():
        start = _lstrip(line)
        if start.startswith("#"):
            result.comments.append(_comment(number, line, start))
            continue
        if not start:
            empty.append(number)
            continue
        content, continued = _continuation(line, result.escape)
        parts.append(content)
        if content:
            pieces.append((length, number, 1))
            length += len(content)
        end = Position(number, len(line) + 1)
        if not continued:
            break
    source = SourceText("".join(parts), tuple(pieces))
    match = _KEYWORD.match(source.text)
    assert match is not None
    flags, arguments_start = split_flags(source.text, match.end())
    arguments = source.text[arguments_start:].rstrip()
    items = json_items(arguments)
    if isinstance(items, Exception):
        items = None
        if match["keyword"].upper() in ("ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME"):
            span = source.span(arguments_start, arguments_start + len(arguments))
            result.problems.append(Problem("the JSON form takes strings only", span, "put every item in double quotes"))
    heredocs: list[Heredoc] = []
    last = number
    if "<<" in arguments and _takes_heredocs(match["keyword"], arguments):
        for name, expands, strips in heredoc_names(source.text):
            found = _heredoc(rest, name, expands, strips, end)
            if found is None:
                span = source.span(match.start("keyword"), len(source.text.rstrip()))
                result.problems.append(
                    Problem(f'the here-document "{name[:40]}" has no end', span, f'write "{name[:40]}" on a line of its own')
                )
                break
            heredoc, end = found
            heredocs.append(heredoc)
    result.logical.append(
        LogicalLine(
            source=source,
            first=first,
            last=last,
            keyword=match["keyword"],
            keyword_start=match.start("keyword"),
            flags=flags,
            arguments=arguments,
            arguments_start=arguments_start,
            json=items,
            heredocs=tuple(heredocs),
            end=end,
            empty_lines=tuple(empty),
        )
    )


def _continuation(line: str, escape: str) -> tuple[str, bool]:
    """The line without its escape at the end, and whether it had one; a doubled escape is none."""
    trimmed = line.rstrip(" \t")
    if trimmed.endswith(escape) and not trimmed.endswith(escape + escape):
        return trimmed[:-1], True
    return line, False


def _takes_heredocs(keyword: str, arguments: str) -> bool:
    keyword = keyword.upper()
    if keyword == "ONBUILD":
        match = _KEYWORD.match(arguments)
        assert match is not None
        _, start = split_flags(arguments, match.end())
        return _takes_heredocs(match["keyword"], arguments[start:]) and match["keyword"].upper() != "ONBUILD"
    return keyword in ("ADD", "COPY", "RUN") and json_items(arguments) is None


def _heredoc(rest: Iterator[tuple[int, str]], name: str, expand: bool, strip: bool, after: Position) -> tuple[Heredoc, Position] | None:
    """The here-document and the end of its last line; None when the text ends before it."""
    body: list[str] = []
    pieces: list[tuple[int, int, int]] = []
    offset = 0
    for number, line in rest:
        if (line.lstrip("\t") if strip else line) == name:
            source = SourceText("".join(body), tuple(pieces) or ((0, after.line + 1, 1),))
            return Heredoc(name=name, body=source, expand=expand, strip_tabs=strip), Position(number, len(line) + 1)
        body.append(f"{line}\n")
        pieces.append((offset, number, 1))
        offset += len(line) + 1
    return None


def _without_quotes(text: str) -> str:
    if "\\" not in text and "'" not in text and '"' not in text:
        return text
    return _QUOTES.sub(lambda match: match[1] or "", text)
