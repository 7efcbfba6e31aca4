"""Words and variables as BuildKit reads them.

Source of the rules: https://docs.docker.com/reference/dockerfile/#environment-replacement
and BuildKit's ``frontend/dockerfile/shell/lex.go``.

Text that is made to grow is bounded: a value longer than :data:`LONGEST` and
variables nested deeper than :data:`DEEPEST` cannot be resolved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from optimizer.dockerfile.instruction import Word

LONGEST = 65536
"""The longest value of a variable, in characters."""

DEEPEST = 50
"""How deep ``${a:-${b:-…}}`` may be nested."""

SPACE = " \t\n\v\f\r\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""White space as the inside of a class of characters: what Go's unicode.IsSpace knows."""

_SPLIT = re.compile(rf"[^{SPACE}]+")
_SHELL_SPLIT = {
    escape: re.compile(
        rf"""(?:[^{SPACE}'"{re.escape(escape)}]+|{re.escape(escape)}(?:.|\Z)"""
        rf"""|'[^']*(?:'|\Z)|"(?:[^"{re.escape(escape)}]+|{re.escape(escape)}.)*(?:"|{re.escape(escape)}?\Z))+""",
        re.DOTALL,
    )
    for escape in ("\\", "`")
}


class WordFault(ValueError):
    """Text that cannot be expanded; the message says why."""


class WordLimit(WordFault):
    """Text that is not expanded because the work would grow too large; a builder may well expand it."""


class UnknownVariable(Exception):
    """The text depends on a variable whose value is decided elsewhere."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def split(text: str, start: int = 0) -> tuple[Word, ...]:
    """The words between white space; ``start`` is added to their offsets."""
    return tuple(Word(match[0], match.start() + start, match.end() + start) for match in _SPLIT.finditer(text))


def split_quoted(text: str, escape: str, start: int = 0) -> tuple[Word, ...]:
    """The words between white space that is neither quoted nor escaped, with their quotes."""
    return tuple(Word(match[0], match.start() + start, match.end() + start) for match in _SHELL_SPLIT[escape].finditer(text))


def expand(text: str, variables: Mapping[str, str | None], escape: str = "\\", *, complete: bool = True) -> str:
    """The text with its variables replaced and its quotes taken off.

    A variable whose value is None, and one that is missing where the
    variables are not ``complete``, raises :class:`UnknownVariable`; text that
    BuildKit refuses raises :class:`WordFault`.
    """
    if "$" not in text and "'" not in text and '"' not in text and escape not in text:
        return text
    return _Expansion(text, variables, escape, complete).whole()


def fault_of(text: str, escape: str = "\\") -> str:
    """Why no builder expands the text, whatever its variables are; empty where one may."""
    try:
        _Expansion(text, {}, escape, complete=True, lenient=True).whole()
    except WordLimit:
        return ""
    except WordFault as fault:
        return str(fault)
    return ""


def unquoted(text: str, escape: str = "\\") -> str:
    """The text without its quotes and escapes, variables kept as they are; unbalanced quotes are left alone."""
    result = []
    position = 0
    quote = ""
    while position < len(text):
        character = text[position]
        if character == escape and quote != "'" and position + 1 < len(text):
            following = text[position + 1]
            if quote and following not in ('"', "$", escape):
                result.append(character)
            result.append(following)
            position += 2
            continue
        if quote:
            if character == quote:
                quote = ""
            else:
                result.append(character)
        elif character in "'\"" and text.find(character, position + 1) >= 0:
            quote = character
        else:
            result.append(character)
        position += 1
    return "".join(result)


_NAME = re.compile(r"\d+|[@*#?\-$!0]|[^\W\d]\w*")
_QUOTED = {escape: re.compile(rf"""[^$"{re.escape(escape)}]+""") for escape in ("\\", "`")}
_PLAIN = {escape: re.compile(rf"""[^$'"/}}{re.escape(escape)}]+""") for escape in ("\\", "`")}


class _Expansion:
    """One pass over one text."""

    def __init__(self, text: str, variables: Mapping[str, str | None], escape: str, complete: bool, lenient: bool = False) -> None:
        self._text = text
        self._variables = variables
        self._escape = escape
        self._complete = complete
        self._lenient = lenient
        self._at = 0
        self._depth = 0

    def whole(self) -> str:
        return self._until("", raw=False)

    def _until(self, stop: str, raw: bool) -> str:
        text, escape = self._text, self._escape
        result: list[str] = []
        length = 0
        while self._at < len(text):
            character = text[self._at]
            if character == stop:
                self._at += 1
                return "".join(result)
            if character == "$":
                piece = self._dollar()
            elif character == "'":
                piece = self._single_quoted()
            elif character == '"':
                piece = self._double_quoted(raw)
            elif character == escape:
                piece = text[self._at : self._at + 2] if raw else text[self._at + 1 : self._at + 2]
                self._at += 2
            else:
                match = _PLAIN[escape].match(text, self._at)
                piece = match[0] if match else character
                self._at += len(piece)
            length += len(piece)
            if length > max(LONGEST, len(text)):
                raise WordLimit("the value grows too long")
            result.append(piece)
        if stop:
            raise WordFault(f'"{stop}" is missing')
        return "".join(result)

    def _single_quoted(self) -> str:
        end = self._text.find("'", self._at + 1)
        if end < 0:
            raise WordFault("a single quote is not closed")
        piece = self._text[self._at + 1 : end]
        self._at = end + 1
        return piece

    def _double_quoted(self, raw: bool) -> str:
        text, escape = self._text, self._escape
        result: list[str] = []
        self._at += 1
        while self._at < len(text):
            character = text[self._at]
            if character == '"':
                self._at += 1
                return "".join(result)
            if character == "$":
                result.append(self._dollar())
                continue
            if character == escape:
                following = text[self._at + 1 : self._at + 2]
                if following and following in ('"', "$", escape):
                    result.append(escape + following if raw else following)
                    self._at += 2
                else:
                    result.append(escape)
                    self._at += 1
                continue
            match = _QUOTED[escape].match(text, self._at)
            assert match is not None
            result.append(match[0])
            self._at = match.end()
        raise WordFault("a double quote is not closed")

    def _name(self) -> str:
        match = _NAME.match(self._text, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match[0]

    def _value(self, name: str) -> str | None:
        """The value, or None for a variable that is not set."""
        if name not in self._variables:
            if self._complete:
                return None
            raise UnknownVariable(name)
        value = self._variables[name]
        if value is None:
            raise UnknownVariable(name)
        return value

    def _dollar(self) -> str:
        self._at += 1
        if not self._text.startswith("{", self._at):
            name = self._name()
            return (self._value(name) or "") if name else "$"
        self._depth += 1
        if self._depth > DEEPEST:
            raise WordLimit("variables are nested too deeply")
        try:
            self._at += 1
            return self._braced()
        finally:
            self._depth -= 1

    def _braced(self) -> str:
        if self._at >= len(self._text):
            raise WordFault('"}" is missing')
        name = self._name()
        if not name:
            raise WordFault("bad substitution")
        modifier = self._take()
        if not modifier:
            raise WordFault('"}" is missing')
        if modifier == "}":
            return self._value(name) or ""
        empty_counts = modifier == ":"
        if empty_counts:
            modifier = self._take()
        if modifier and modifier in "-+?":
            return self._default(name, modifier, empty_counts)
        if modifier and modifier in "#%" and not empty_counts:
            pattern = self._until("}", raw=True)
            return _trimmed(self._value(name) or "", pattern, modifier)
        if modifier == "/" and not empty_counts:
            everywhere = self._text.startswith("/", self._at)
            self._at += everywhere
            pattern = self._until("/", raw=True)
            replacement = self._until("}", raw=True)
            return _replaced(self._value(name) or "", pattern, replacement, everywhere)
        raise WordFault(f'unsupported modifier "{modifier}" in the substitution of "{name}"')

    def _take(self) -> str:
        character = self._text[self._at : self._at + 1]
        self._at += 1
        return character

    def _default(self, name: str, modifier: str, empty_counts: bool) -> str:
        # The word is read first, so that the place in the text is right whichever way the choice falls.
        unknown: UnknownVariable | None = None
        word = ""
        start = self._at
        try:
            word = self._until("}", raw=False)
        except UnknownVariable as error:
            unknown = error
            self._at = _closing_brace(self._text, start, self._escape)
        value = self._value(name)
        given = value is not None and not (empty_counts and value == "")
        if modifier == "?" and not given and not self._lenient:
            raise WordFault(f"{name}: {word or 'is not set'}")
        if (modifier == "-" and not given) or (modifier == "+" and given):
            if unknown:
                raise unknown
            return word
        return (value or "") if modifier != "+" else ""


def _closing_brace(text: str, start: int, escape: str) -> int:
    """The offset after the brace that closes the substitution in which ``start`` is."""
    depth = 1
    position = start
    while position < len(text) and depth:
        if text[position] == escape:
            position += 1
        elif text.startswith("${", position):
            depth += 1
            position += 1
        elif text[position] == "}":
            depth -= 1
        position += 1
    return position


def _pattern(text: str) -> tuple[str, ...]:
    """A pattern as single characters, ``?`` and ``*`` standing for themselves only as ``"\\?"`` and ``"\\*"``."""
    tokens: list[str] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character == "\\" and position + 1 < len(text):
            following = text[position + 1]
            if following not in "*?\\}/":
                raise WordFault(f'invalid escape "\\{following}" in a pattern')
            tokens.append("\\" + following)
            position += 2
            continue
        tokens.append(character if character in "*?" else "\\" + character)
        position += 1
    return tuple(tokens)


def _ends(value: str, start: int, pattern: Sequence[str]) -> tuple[int, int] | None:
    """The nearest and the farthest end of a match that begins at ``start``; None without one.

    All places in the pattern advance together, so the cost is bounded by the
    product of the lengths.
    """

    def closed(states: set[int]) -> set[int]:
        result = set(states)
        for state in sorted(states):
            while state < len(pattern) and pattern[state] == "*":
                state += 1
                result.add(state)
        return result

    states = closed({0})
    found = [start] if len(pattern) in states else []
    for position in range(start, len(value)):
        following: set[int] = set()
        for state in states:
            if state == len(pattern):
                continue
            token = pattern[state]
            if token == "*":
                following.add(state)
            elif token == "?" or token[1] == value[position]:
                following.add(state + 1)
        states = closed(following)
        if not states:
            break
        if len(pattern) in states:
            found.append(position + 1)
    return (found[0], found[-1]) if found else None


_BUDGET = 2_000_000


def _trimmed(value: str, pattern: str, side: str) -> str:
    longest = pattern.startswith(side)
    tokens = _pattern(pattern[1:] if longest else pattern)
    if len(value) * (len(tokens) + 1) > _BUDGET:
        raise WordLimit("the value is too long for its pattern")
    if side == "%":
        value, tokens = value[::-1], tokens[::-1]
    ends = _ends(value, 0, tokens)
    rest = value if ends is None else value[ends[1] if longest else ends[0] :]
    return rest[::-1] if side == "%" else rest


def _replaced(value: str, pattern: str, replacement: str, everywhere: bool) -> str:
    tokens = _pattern(pattern)
    if len(value) * len(value) * (len(tokens) + 1) > _BUDGET:
        raise WordLimit("the value is too long for its pattern")
    result: list[str] = []
    position = 0
    while position <= len(value):
        ends = _ends(value, position, tokens)
        if ends is None or ends[1] == position:
            result.append(value[position : position + 1])
            position += 1
            continue
        result.append(replacement)
        position = ends[1]
        if not everywhere:
            break
    return "".join(result) + value[position:]


_HEREDOC = re.compile(r"(\d*)<<(-?)(.+)", re.DOTALL)
_PIECE = re.compile(rf"""[{SPACE}]+|\\.?|'[^']*'|"(?:[^"\\]|\\.)*"|<<-?[{SPACE}]*|[^{SPACE}'"\\<]+|.""", re.DOTALL)


def heredoc_names(line: str) -> list[tuple[str, bool, bool]]:
    """Name, whether variables are expanded, and whether tabs are stripped, of each here-document that the line opens.

    A line whose quotes or substitutions BuildKit cannot read opens none.
    """
    found = []
    for word in _heredoc_words(line):
        match = _HEREDOC.fullmatch(word)
        if match is None or "<" in match[3]:
            continue
        name = match[3].strip()
        plain = unquoted(name)
        if plain:
            found.append((plain, plain == name, match[2] == "-"))
    return found


def _heredoc_words(line: str) -> list[str]:
    try:
        _Expansion(line, {}, "\\", complete=True, lenient=True).whole()
    except WordFault:
        return []
    words: list[str] = []
    current: list[str] = []
    for match in _PIECE.finditer(line):
        piece = match[0]
        if piece.startswith("<<"):
            # White space may stand between the sign and the name.
            current.append(piece.strip())
        elif piece[0].isspace():
            if current:
                words.append("".join(current))
                current = []
        else:
            current.append(piece)
    return [*words, "".join(current)] if current else words
