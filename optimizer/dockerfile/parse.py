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
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from optimizer.dockerfile.arguments import argument_problems, pair_problems
from optimizer.dockerfile.flags import flag_problems
from optimizer.dockerfile.instruction import (
    KEYWORDS,
    Directive,
    Dockerfile,
    Instruction,
    ParsedStage,
    Position,
    Problem,
    Span,
    Word,
)
from optimizer.dockerfile.lines import LogicalLine, Scan, json_items, scan, split_flags
from optimizer.dockerfile.words import split, split_quoted
from optimizer.errors import DockerfileError, Fault, did_you_mean

_END = "\u2060"
"""Put after an escape that ends a line, which dockerfile-parse would take for a continuation."""

_JSON_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_NUL = "\x00"
_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*")
_FEWEST_UNKNOWN = 3
"""From so many unknown instructions on, a text may be no Dockerfile; fewer are typing mistakes."""

_LONGEST_KEYWORD = 40
"""Of an unknown instruction in a message, in characters."""


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
    instructions = []
    for line, keyword, value in _split(found, problems):
        instructions.append(_instruction(line, keyword, value, found.escape, problems))
    if not found.logical:
        start = Position(1, 1)
        problems.append(Problem("the file holds no instruction", Span(start, start), "start it with FROM"))
    stages, arguments = _stages(instructions, problems)
    # One finding is enough for what is no text, and for what is no Dockerfile.
    other = _binary(found) if _NUL in text else _no_dockerfile(instructions)
    if other:
        problems = [other]
    else:
        problems = [*_unknown_keywords(instructions), *problems]
        if read_by_docker(found.directives):
            problems += _refused(instructions, found.escape, problems)
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


def read_by_docker(directives: Sequence[Directive]) -> bool:
    """Whether Docker's own frontend reads the file; another one that the syntax directive names may take other flags."""
    value = next((item.value for item in directives if item.name == "syntax"), "dockerfile")
    return value.partition("@")[0].rpartition("/")[2].partition(":")[0] in ("dockerfile", "dockerfile-upstream")


def _no_dockerfile(instructions: Sequence[Instruction]) -> Problem | None:
    """The one problem of a text that was never meant as a Dockerfile: most of it is unknown, and no line names an image."""
    if any(item.keyword == "FROM" and names_image(item) for item in instructions):
        return None
    unknown = [item for item in instructions if not _is_known(item)]
    if len(unknown) < _FEWEST_UNKNOWN or 2 * len(unknown) <= len(instructions):
        return None
    message = f"this text is no Dockerfile: {len(unknown)} of its {len(instructions)} instructions are unknown, and none is a FROM"
    return Problem(message, unknown[0].keyword_span, "name the Dockerfile itself, or leave this file out with exclude in optimizer.toml")


def _unknown_keywords(instructions: Sequence[Instruction]) -> Iterator[Problem]:
    """A problem for each unknown instruction that is like a known one, and one for each row of others."""
    row: list[Instruction] = []
    if all(map(_is_known, instructions)):
        return
    for item in [*instructions, None]:
        known = item is None or _is_known(item)
        hint = "" if item is None or known else did_you_mean(item.keyword[:_LONGEST_KEYWORD], sorted(KEYWORDS))
        if row and (known or hint):
            yield _unknown_row(row)
            row = []
        if item is not None and not known:
            if hint:
                yield _unknown_keyword(item, hint)
            else:
                row.append(item)


def _unknown_row(row: Sequence[Instruction]) -> Problem:
    if len(row) == 1:
        return _unknown_keyword(row[0], f"allowed: {', '.join(sorted(KEYWORDS))}")
    found = _unknown_keyword(
        row[0], f"end the line above with a backslash if these belong to it; else: allowed: {', '.join(sorted(KEYWORDS))}"
    )
    return replace(found, message=f"{found.message}, and {len(row) - 1} more below it")


def _unknown_keyword(item: Instruction, hint: str) -> Problem:
    keyword = item.source.text[item.keyword_start : item.keyword_start + len(item.keyword)]
    shown = keyword if len(keyword) <= _LONGEST_KEYWORD else f"{keyword[:_LONGEST_KEYWORD]}…"
    return Problem(f'unknown instruction "{shown}"', item.keyword_span, hint)


def _is_known(item: Instruction) -> bool:
    # Letters outside of ASCII may become known ones in capitals.
    return item.keyword in KEYWORDS and item.source.text[item.keyword_start : item.keyword_start + len(item.keyword)].isascii()


def _refused(instructions: Sequence[Instruction], escape: str, problems: Sequence[Problem]) -> Iterator[Problem]:
    """What builders refuse of the flags and arguments of instructions that can be read at all."""
    lines = {problem.span.start.line for problem in problems}
    for item in instructions:
        if lines and not lines.isdisjoint(range(item.span.start.line, item.span.end.line + 1)):
            continue
        found = [*(flag_problems(item) if item.flags else ()), *argument_problems(item, escape)]
        if item.nested is not None and item.nested.keyword in ("ENV", "LABEL"):
            # Of what ONBUILD holds, the first build reads names and values alone.
            found += pair_problems(item.nested, escape)
        yield from found


def _nested(line: LogicalLine, escape: str, problems: list[Problem]) -> Instruction | None:
    """The instruction that ONBUILD holds."""
    if not line.arguments:
        return None
    keyword = line.arguments.split(None, 1)[0]
    span = line.source.span(line.arguments_start, line.arguments_start + len(keyword))
    if keyword.upper() not in KEYWORDS or not keyword.isascii():
        hint = did_you_mean(keyword.upper()[:_LONGEST_KEYWORD], sorted(KEYWORDS)) or f"allowed: {', '.join(sorted(KEYWORDS))}"
        problems.append(Problem(f'unknown instruction "{keyword[:_LONGEST_KEYWORD]}"', span, hint))
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
    before: Instruction | None = None
    for instruction in instructions:
        if instruction.keyword == "FROM":
            rows.append((instruction, []))
        elif rows:
            rows[-1][1].append(instruction)
        elif instruction.keyword == "ARG":
            arguments.append(instruction)
        elif before is None and instruction.keyword in KEYWORDS:
            before = instruction
    # Without any FROM all of it stands before the first; one finding is what there is to be changed.
    if before is not None and rows:
        problems.append(Problem(f"{before.keyword} before the first FROM", before.keyword_span, "start the file with FROM"))
    if instructions and not rows:
        problems.append(Problem("the file has no FROM", instructions[0].keyword_span, "name the image that it starts from"))
    stages = [_stage(index, start, body, problems) for index, (start, body) in enumerate(rows)]
    return tuple(stages), tuple(arguments)


def names_image(start: Instruction) -> bool:
    """Whether a FROM has the form that it needs: an image, perhaps with AS and a name."""
    words = start.words
    return len(words) == 1 or (len(words) == 3 and words[1].text.upper() == "AS")


def _stage(index: int, start: Instruction, body: Sequence[Instruction], problems: list[Problem]) -> ParsedStage:
    words = [word.text for word in start.words]
    name = ""
    if not names_image(start):
        problems.append(Problem("FROM needs an image, optionally followed by AS and a name", start.head, "write FROM image AS name"))
    elif len(words) == 3:
        name = words[2]
        if not _STAGE_NAME.fullmatch(name.lower()):
            hint = "begin it with a letter, and go on with letters, digits, -, _ and ."
            problems.append(Problem(f'"{name[:40]}" is no name for a stage', start.at(start.words[2]), hint))
    return ParsedStage(index=index, origin=words[0] if words else "", name=name, start=start, instructions=tuple(body))
