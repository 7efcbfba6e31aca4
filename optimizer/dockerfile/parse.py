"""From the text of a Dockerfile to values; the only user of dockerfile-parse.

dockerfile-parse splits instructions, and misreads much of what stands around
them: here-documents, directives, odd continuations, marks of byte order.  So
``lines`` joins the lines first, by BuildKit's rules, and dockerfile-parse reads
a text in which every instruction stands whole on its own first line, and
comments, directives and bodies of here-documents are empty lines.  What it
then gives must be exactly the instructions that were put in: none lost, none
more, each on its line with its text.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

from optimizer.dockerfile.instruction import KEYWORDS, Dockerfile, Instruction, ParsedStage, Position, Problem, SourceText, Span, Word
from optimizer.dockerfile.lines import LogicalLine, Scan, json_items, scan, split_flags
from optimizer.dockerfile.words import split, split_quoted
from optimizer.errors import DockerfileError, Fault, did_you_mean

_END = "\u2060"
"""Put after an escape that ends a line, which dockerfile-parse would take for a continuation."""

_JSON_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_NUL = "\x00"


def parse(text: str, path: str = "Dockerfile") -> Dockerfile:
    """The Dockerfile that the text is; ``path`` only names the file in errors.

    Raises :class:`DockerfileError` with one fault per line that no builder
    would accept, each placed as ``path:line:column``.
    """
    dockerfile, problems = read(text)
    if problems:
        raise DockerfileError([Fault(problem.message, f"{path}:{problem.span.start}", problem.hint) for problem in problems])
    return dockerfile


def decode(data: bytes) -> str:
    """The text of a file; bytes that are no UTF-8 become U+FFFD, as a builder accepts them in values."""
    return data.decode("utf-8", "replace")


def read(text: str) -> tuple[Dockerfile, tuple[Problem, ...]]:
    """What can be read of the text, and why it is no Dockerfile, in the order of lines."""
    # A lone surrogate cannot be written as UTF-8.
    text = text.encode("utf-8", "replace").decode("utf-8")
    found = scan(text)
    problems = list(found.problems)
    if _NUL in text:
        problems.append(_binary(found))
    instructions = []
    for line, keyword, value in _split(found, problems):
        instructions.append(_instruction(line, keyword, value, found.escape, problems))
    if not found.logical:
        start = Position(1, 1)
        problems.append(Problem("the file holds no instruction", Span(start, start), "start it with FROM"))
    stages, arguments = _stages(instructions, problems)
    dockerfile = Dockerfile(
        text=text,
        instructions=tuple(instructions),
        stages=stages,
        global_arguments=arguments,
        directives=tuple(found.directives),
        comments=tuple(found.comments),
        escape=found.escape,
        lines=tuple(found.lines),
    )
    return dockerfile, tuple(sorted(problems, key=lambda problem: problem.span))


def _binary(found: Scan) -> Problem:
    for number, line in enumerate(found.lines, 1):
        if _NUL in line:
            column = line.index(_NUL) + 1
            return Problem("a NUL character", Span(Position(number, column), Position(number, column + 1)), "this is not a text file")
    raise AssertionError("no line holds the NUL character that the text holds")


def _split(found: Scan, problems: list[Problem]) -> Sequence[tuple[LogicalLine, str, str]]:
    """Each logical line with the keyword and the value that dockerfile-parse reads."""
    # Imported here: most uses of the package never read a Dockerfile.
    from dockerfile_parse import DockerfileParser

    plain = [""] * len(found.lines)
    for line in found.logical:
        text = line.source.text.rstrip()
        plain[line.first - 1] = text + _END if text.endswith("\\") else text
    data = "".join(f"{text}\n" for text in plain).encode("utf-8")
    by_line: dict[int, Any] = {item["startline"] + 1: item for item in DockerfileParser(fileobj=io.BytesIO(data)).structure}
    result = []
    for line in found.logical:
        item = by_line.pop(line.first, None)
        text = line.source.text[line.keyword_start + len(line.keyword) :]
        if item is not None and item["endline"] + 1 == line.first and item["instruction"] == line.keyword.upper():
            value = item["value"].removesuffix(_END) if text.rstrip().endswith("\\") else item["value"]
            if value.strip() == text.strip():
                result.append((line, line.keyword.upper(), value))
                continue
        span = line.source.span(line.keyword_start, line.keyword_start + len(line.keyword))
        problems.append(Problem("the line has two meanings", span, "separate its words by single spaces"))
    assert not by_line or problems
    return result


def _instruction(line: LogicalLine, keyword: str, value: str, escape: str, problems: list[Problem]) -> Instruction:
    span = Span(line.source.position(line.keyword_start), line.end)
    if keyword not in KEYWORDS or not line.keyword.isascii():
        _unknown_keyword(line.source, line.keyword, line.keyword_start, problems)
    return Instruction(
        keyword=keyword,
        value=value,
        span=span,
        source=line.source,
        keyword_start=line.keyword_start,
        flags=line.flags,
        arguments=line.arguments,
        arguments_start=line.arguments_start,
        words=_words(keyword, line.arguments, line.arguments_start, line.json, escape),
        json=line.json,
        heredocs=line.heredocs,
        nested=_nested(line, escape, problems) if keyword == "ONBUILD" else None,
        empty_lines=line.empty_lines,
    )


def _unknown_keyword(source: SourceText, keyword: str, start: int, problems: list[Problem]) -> None:
    shown = keyword if len(keyword) <= 40 else f"{keyword[:40]}…"
    hint = did_you_mean(keyword.upper()[:40], sorted(KEYWORDS)) or f"allowed: {', '.join(sorted(KEYWORDS))}"
    problems.append(Problem(f'unknown instruction "{shown}"', source.span(start, start + len(keyword)), hint))


def _nested(line: LogicalLine, escape: str, problems: list[Problem]) -> Instruction | None:
    """The instruction that ONBUILD holds."""
    keyword = line.arguments.split(None, 1)[0] if line.arguments else ""
    span = line.source.span(line.arguments_start, line.arguments_start + len(keyword))
    if keyword.upper() not in KEYWORDS or not keyword.isascii():
        _unknown_keyword(line.source, keyword, line.arguments_start, problems)
        return None
    if keyword.upper() in ("FROM", "MAINTAINER", "ONBUILD"):
        problems.append(Problem(f"ONBUILD takes no {keyword.upper()}", span, "remove the instruction"))
        return None
    flags, start = split_flags(line.source.text, line.arguments_start + len(keyword))
    arguments = line.source.text[start:].rstrip()
    items = json_items(arguments)
    json = items if isinstance(items, tuple) else None
    return Instruction(
        keyword=keyword.upper(),
        value=line.arguments[len(keyword) :].strip(),
        span=Span(span.start, line.end),
        source=line.source,
        keyword_start=line.arguments_start,
        flags=flags,
        arguments=arguments,
        arguments_start=start,
        words=_words(keyword.upper(), arguments, start, json, escape),
        json=json,
        heredocs=line.heredocs,
    )


def _words(keyword: str, arguments: str, start: int, json: tuple[str, ...] | None, escape: str) -> tuple[Word, ...]:
    if not arguments:
        return ()
    if json is not None and keyword in ("ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME"):
        return tuple(Word(match[0], match.start() + start, match.end() + start) for match in _JSON_TEXT.finditer(arguments))
    match keyword:
        case "ARG" | "ENV" | "LABEL":
            return split_quoted(arguments, escape, start)
        case "ADD" | "COPY" | "EXPOSE" | "FROM" | "VOLUME":
            return split(arguments, start)
        case "STOPSIGNAL" | "USER" | "WORKDIR":
            return (Word(arguments, start, start + len(arguments)),)
        case _:
            return ()


def _stages(instructions: Sequence[Instruction], problems: list[Problem]) -> tuple[tuple[ParsedStage, ...], tuple[Instruction, ...]]:
    """The stages, and the arguments before the first."""
    arguments: list[Instruction] = []
    rows: list[tuple[Instruction, list[Instruction]]] = []
    for instruction in instructions:
        if instruction.keyword == "FROM":
            rows.append((instruction, []))
        elif rows:
            rows[-1][1].append(instruction)
        elif instruction.keyword == "ARG":
            arguments.append(instruction)
        elif instruction.keyword in KEYWORDS:
            problems.append(Problem(f"{instruction.keyword} before the first FROM", instruction.keyword_span, "start the file with FROM"))
    if instructions and not rows:
        problems.append(Problem("the file has no FROM", instructions[0].keyword_span, "name the image that it starts from"))
    stages = [_stage(index, start, body, problems) for index, (start, body) in enumerate(rows)]
    return tuple(stages), tuple(arguments)


def _stage(index: int, start: Instruction, body: Sequence[Instruction], problems: list[Problem]) -> ParsedStage:
    words = [word.text for word in start.words]
    name = ""
    if len(words) == 3 and words[1].upper() == "AS":
        name = words[2]
    elif len(words) != 1:
        problems.append(Problem("FROM needs an image, optionally followed by AS and a name", start.head, "write FROM image AS name"))
    return ParsedStage(index=index, origin=words[0] if words else "", name=name, start=start, instructions=tuple(body))
