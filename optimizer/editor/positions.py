"""Places of a text as the Language Server Protocol counts them.

A place of ours is a line and a column from 1, in characters, behind a byte
order mark.  Of theirs, both count from 0, a line also ends with a carriage
return alone, and the column counts units of an encoding, which is UTF-16
unless both sides agree on another.
Source: https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#position
"""

from __future__ import annotations

import re
from bisect import bisect_right

from optimizer.dockerfile.instruction import Position, Span

_END = re.compile(r"\r\n|\n|\r")
_MARK = "\ufeff"


class TextPlaces:
    """The places of a text; ``encoding`` is ``utf-8``, ``utf-16`` or ``utf-32``.

    Offsets count characters from the first one, a byte order mark too.
    """

    def __init__(self, text: str, encoding: str = "utf-16") -> None:
        self._text = text
        self._encoding = encoding
        self._lines = [0, *(match.end() for match in _END.finditer(text))]
        self._own = [len(_MARK) if text.startswith(_MARK) else 0]
        self._own += [match.end() for match in re.finditer("\n", text)]

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column in their count; an offset behind the end is the end."""
        offset = min(offset, len(self._text))
        line = bisect_right(self._lines, offset) - 1
        return line, self._units(self._text[self._lines[line] : offset])

    def offset(self, line: int, character: int) -> int:
        """The offset of a place in their count; one behind the end of its line is that end."""
        if line >= len(self._lines):
            return len(self._text)
        start = self._lines[line]
        for position, letter in enumerate(self._content(line)):
            if character <= 0:
                return start + position
            character -= self._units(letter)
        return start + len(self._content(line))

    def of(self, position: Position) -> int:
        """The offset of a place in our count."""
        if position.line > len(self._own):
            return len(self._text)
        return min(self._own[position.line - 1] + position.column - 1, len(self._text))

    def of_span(self, span: Span | None) -> tuple[int, int]:
        """Where what is wrong is shown: an empty span as the rest of its line, none as the first line."""
        start = self.of(span.start if span else Position(1, 1))
        end = self.of(span.end) if span else start
        if end > start:
            return start, end
        line = bisect_right(self._lines, start) - 1
        return start, max(start, self._lines[line] + len(self._content(line)))

    @property
    def end(self) -> tuple[int, int]:
        """The end of the text in their count."""
        return self.at(len(self._text))

    def _content(self, line: int) -> str:
        end = self._lines[line + 1] if line + 1 < len(self._lines) else len(self._text)
        return self._text[self._lines[line] : end].rstrip("\r\n")

    def _units(self, text: str) -> int:
        if self._encoding == "utf-32":
            return len(text)
        if self._encoding == "utf-8":
            return len(text.encode("utf-8", "replace"))
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
