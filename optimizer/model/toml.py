"""What is wrong in a text that is meant to be TOML, in words of those who wrote it.

TOML readers say what they met, such as a control character where a quote is
missing; what somebody did is another thing.
Source of the syntax: https://toml.io/en/v1.0.0
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_ESCAPE = re.compile(r'\\(?:[btnfr"\\]|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})')
_UNQUOTED = re.compile(r"""\s*(?P<key>[\w.-]+)\s*=\s*(?P<value>[^\s"'\[{#\d+-][^#]*?)\s*(?:#.*)?""")
_EMPTY = re.compile(r"\s*(?P<key>[\w.-]+)\s*=\s*(?:#.*)?")
_CONFLICT = ("<<<<<<< ", "=======", ">>>>>>> ")
_COLON = re.compile(r"\s*(?P<key>[\w-]+)\s*:(?:\s.*)?")
_TYPOGRAPHIC = re.compile("[\u2018\u2019\u201c\u201d\u201e]")
_TWICE = re.compile(r"already exists|overwrite|twice|redefine", re.IGNORECASE)
_PLACE = re.compile(r"\s*\(?at (?:line (?P<line>\d+),? col(?:umn)? \d+|end of document)\)?")
_HEADER = re.compile(r"\s*(?P<open>\[\[?)(?P<keys>[^\[\]]+)\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"""\s*(?P<keys>(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_BACKSLASH = "in double quotes a backslash starts an escape: write paths with \"/\", or the text in 'single quotes'"


@dataclass(frozen=True, slots=True)
class TomlFault:
    """What is wrong, in which line from 1, 0 where that is unknown, and how to fix it."""

    message: str
    line: int
    hint: str


def toml_fault(text: str, error: Exception) -> TomlFault:
    """The fault behind an error of a TOML reader, whichever it is."""
    said = str(error)
    place = _PLACE.search(said)
    line = int(place["line"]) if place and place["line"] else 0
    if _TWICE.search(said):
        return TomlFault("a key or a table is there twice", line, "keep one of them")
    lines = text.splitlines()
    if text.lstrip().startswith("{"):
        return TomlFault("this is JSON", 1, 'write it as TOML: a line for each key, as in architecture = "arm64"')
    # Readers may stop a line late.
    for number in (line, line - 1) if line else range(len(lines), 0, -1):
        found = _in_line(lines[number - 1]) if 0 < number <= len(lines) else None
        if found:
            return TomlFault(found[0], number, found[1])
    return _unclosed(text) or TomlFault(_PLACE.sub("", said), line, "fix the line")


def line_of(text: str, keys: Sequence[str | int]) -> int:
    """The line, from 1, of the longest beginning of the keys that a line names, 0 where none does; TOML readers give values without places."""
    wanted = tuple(keys)
    table: tuple[str | int, ...] = ()
    tables: Counter[tuple[str, ...]] = Counter()
    best, depth = 0, 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            names = _parts(header["keys"])
            table = names
            if header["open"] == "[[":
                table = (*names, tables[names])
                tables[names] += 1
            here = table
        elif key := _KEY.match(line):
            here = (*table, *_parts(key["keys"]))
        else:
            continue
        if len(here) > depth and wanted[: len(here)] == here:
            best, depth = number, len(here)
    return best


def _in_line(line: str) -> tuple[str, str] | None:
    """What is wrong in a line by itself, and how to fix it."""
    position = 0
    while position < len(line) and line[position] != "#":
        quote = line[position]
        if line.startswith(('"""', "'''"), position):
            return None
        if quote in "\"'":
            start, position = position, position + 1
            while position < len(line) and line[position] != quote:
                if quote == '"' and line[position] == "\\":
                    escape = _ESCAPE.match(line, position)
                    if escape is None:
                        return f'"{line[position : position + 2]}" in column {position + 1} is no escape', _BACKSLASH
                    position = escape.end() - 1
                position += 1
            if position >= len(line):
                hint = _BACKSLASH if line.endswith('\\"') else f"write {quote} at the end of the text"
                return f"the text that begins with {quote} in column {start + 1} has no closing quote", hint
        elif _TYPOGRAPHIC.match(quote):
            return f"{quote} in column {position + 1} is a typographic quote", 'write " around texts'
        position += 1
    if line.startswith(_CONFLICT):
        return "a merge conflict", "keep either side whole"
    if match := _EMPTY.fullmatch(line):
        return f'there is no value after "{match["key"]} ="', "write the value, texts in quotes, or leave the line out"
    if match := _COLON.fullmatch(line):
        return f'there is a colon after "{match["key"]}"', f"write {match['key']} = ..."
    match = _UNQUOTED.fullmatch(line)
    if match is None or match["value"] in ("true", "false", "inf", "nan"):
        return None
    value = match["value"]
    if value.lower() in ("true", "false"):
        return f"{value} is no value", f"write {value.lower()}"
    return f"the text {value} has no quotes", f'write {match["key"]} = "{value}"'


def _unclosed(text: str) -> TomlFault | None:
    """The last bracket that nothing closes, or the text of several lines that does not end."""
    open_: list[tuple[str, int]] = []
    for match in re.finditer(
        r'"""(?:[^\\]|\\.)*?"""|\'\'\'.*?\'\'\'|"""|\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}]', text, re.DOTALL
    ):
        word, line = match[0], text.count("\n", 0, match.start()) + 1
        if word in ('"""', "'''"):
            return TomlFault(f"the text that begins with {word} is not closed", line, f"write {word} at its end")
        if word in ("[", "{"):
            open_.append((word, line))
        elif word in ("]", "}") and open_:
            open_.pop()
    if not open_:
        return None
    word, line = open_[-1]
    close = "]" if word == "[" else "}"
    return TomlFault(f"nothing closes the {word}", line, f"write {close} at its end")


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))
