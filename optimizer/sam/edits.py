"""Values of a template or of another YAML or JSON file, set and removed in its text, so that all else stays as people wrote it.

The edits are proven: the text with them means what the text meant, with those
values set or removed.  A block that keys share by an anchor is edited where it
stands if all of them shall have the value; another alias of a mapping becomes a
mapping that merges it.  What has no safe place, such as a key that is merged and
shall be removed, is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, TypeAlias

from optimizer.sam.document import Document, parse_document
from optimizer.sam.scalars import plain

Value: TypeAlias = "str | bool | Sequence[str] | Mapping[str, Value]"
"""What can be set: texts, truth values, lists of texts, and mappings of these."""

_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*(?::[A-Za-z0-9_./-]+)*")
_ALIAS = re.compile(r"\s*:\s+(\*[^\s,{}\[\]]+)")
_STEP = 2


@dataclass(frozen=True, slots=True)
class Change:
    """One value: the path of its key, and what it shall be; None removes the key."""

    path: tuple[str, ...]
    value: Value | None


class NotEditable(Exception):
    """Changes that the text has no safe place for; each argument says which one, and what to do by hand."""


def no_place(change: Change) -> NotEditable:
    """That there is none for one change."""
    name = ".".join(change.path)
    what = f"set {name} to {json.dumps(change.value)}" if change.value is not None else f"remove {name}"
    return NotEditable(f"the text has no safe place for an edit: {what} by hand")


def edited(text: str, changes: Iterable[Change]) -> str:
    """The text with the changes, which are made one after the other; a change that is so already changes nothing.

    Raises :class:`NotEditable` with all changes that cannot be made, and then nothing is changed.
    """
    wanted = tuple(changes)
    final = with_changes(_data(text), wanted)
    bom = "\ufeff" if text.startswith("\ufeff") else ""
    return bom + _Edits(wanted, final).made(text.removeprefix("\ufeff"), wanted)


@dataclass(frozen=True, slots=True)
class _Edits:
    """All changes of a text, and its data with them."""

    wanted: tuple[Change, ...]
    final: Any

    def made(self, text: str, changes: Sequence[Change]) -> str:
        """The text with some of the changes; raises :class:`NotEditable`.

        All are tried at once, because each proof reads the whole text.
        """
        before = _data(text)
        pending = [change for change in changes if not _is_made(before, change)]
        if not pending:
            return text
        for through in (True, False):
            result = self._attempt(text, pending, through=through)
            if result is not None:
                return result
        if len(pending) == 1:
            raise no_place(pending[0])
        reasons: list[str] = []
        middle = len(pending) // 2
        for part in (pending[:middle], pending[middle:]):
            try:
                text = self.made(text, part)
            except NotEditable as error:
                reasons += error.args
        if reasons:
            raise NotEditable(*reasons)
        return text

    def _attempt(self, text: str, changes: Sequence[Change], *, through: bool) -> str | None:
        """The text with the changes, or None where that cannot be proven; ``through`` aliases, or beside what they name."""
        pending = list(changes)
        try:
            while pending:
                editor = _Editor(text)
                splices: list[_Splice] = []
                now: list[Change] = []
                for change in pending:
                    splice = editor.splice(change, through=through)
                    # What touches another edit has its place in the next round.
                    if all(splice.end < other.start or other.end < splice.start for other in splices):
                        splices.append(splice)
                        now.append(change)
                text = _spliced(text, splices)
                data = _data(text)
                if not all(_is_made(data, change) for change in now):
                    return None
                pending = [change for change in pending if not _is_made(data, change)]
        except (_NoPlace, NotEditable):
            return None
        # The rest of the changes may already be made, where blocks are shared.
        return text if with_changes(_data(text), self.wanted) == self.final else None


@dataclass(frozen=True, slots=True)
class _Splice:
    start: int
    end: int
    text: str


def _spliced(text: str, splices: Iterable[_Splice]) -> str:
    parts: list[str] = []
    position = 0
    for splice in sorted(splices, key=lambda splice: splice.start):
        parts += [text[position : splice.start], splice.text]
        position = splice.end
    return "".join((*parts, text[position:]))


def _is_made(data: Any, change: Change) -> bool:
    return bool(_with(data, change.path, change.value) == data)


def with_changes(data: Any, changes: Iterable[Change]) -> Any:
    """Plain data with the changes."""
    for change in changes:
        data = _with(data, change.path, change.value)
    return data


def _data(text: str) -> Any:
    document = parse_document(text)
    if not isinstance(document, Document) or not isinstance(document.data, dict):
        raise NotEditable("the text is no mapping")
    return document.data


def _with(data: Any, path: tuple[str, ...], value: Value | None) -> Any:
    if not path:
        return _plain_data(value)
    mapping = data if isinstance(data, dict) else {}
    if value is None and (path[0] not in mapping or len(path) == 1):
        return {key: item for key, item in mapping.items() if key != path[0]} if path[0] in mapping else data
    return {**mapping, path[0]: _with(mapping.get(path[0]), path[1:], value)}


def _plain_data(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain_data(item) for key, item in value.items()}
    return value if isinstance(value, (str, bool)) else list(value)


class _NoPlace(Exception):
    """There is no safe place."""


class _Editor:
    """The nodes of a text, and where they stand in it."""

    def __init__(self, text: str) -> None:
        import yaml

        self._text = text
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._lines = list(accumulate((len(line) + 1 for line in text.split("\n")), initial=0))
        self._json = _is_json(text)
        self._yaml = yaml
        try:
            # YAML takes no tab before a key, and JSON has no other tabs.
            composed = text.replace("\t", " ") if self._json else text
            self._root = yaml.compose(composed, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except yaml.YAMLError:
            raise _NoPlace from None

    def splice(self, change: Change, *, through: bool) -> _Splice:
        """Where the text of one change goes; ``through`` an alias to what it names, or in its place."""
        node, path = self._root, change.path
        while True:
            if not isinstance(node, self._yaml.MappingNode):
                raise _NoPlace
            found = next((pair for pair in node.value if pair[0].value == path[0]), None)
            if found is None:
                if change.value is None:
                    # It is there by a merge.
                    raise _NoPlace
                return self._insert(node, path[0], _nested(path[1:], change.value))
            key, value = found
            if len(path) == 1:
                return self._remove(node, key) if change.value is None else self._replace(key, value, change.value)
            if _is_null(value):
                return self._fill(key, value, _nested(path[1:], change.value or ""))
            if self._is_alias(key, value) and not through:
                if change.value is None or not isinstance(value, self._yaml.MappingNode):
                    raise _NoPlace
                return self._merge(node, key, value, _nested(path[1:], change.value))
            node, path = value, path[1:]

    # Edits.

    def _insert(self, mapping: Any, name: str, value: Value) -> _Splice:
        if mapping.flow_style:
            return self._insert_into_flow(mapping, name, value)
        if not mapping.value:
            raise _NoPlace
        column = mapping.value[0][0].start_mark.column
        last_key, last_value = mapping.value[-1]
        place = self._end_of_line(self._end(last_key, last_value))
        return _Splice(place, place, self._newline + " " * column + self._entry(name, value, column))

    def _insert_into_flow(self, mapping: Any, name: str, value: Value) -> _Splice:
        entry = f"{self._scalar(name)}: {self._flow(value)}"
        # An anchor stands before the brace.
        start = self._text.index("{", self._index(mapping.start_mark)) + 1
        if not mapping.value:
            return _Splice(start, start, entry)
        first = self._index(mapping.value[0][0].start_mark)
        between = self._text[start:first]
        # Entries that stand on lines of their own get one, as the others have.
        space = between if "\n" in between and not between.strip() else " "
        return _Splice(first, first, f"{entry},{space}")

    def _merge(self, mapping: Any, key: Any, value: Any, new: Value) -> _Splice:
        """A mapping in the place of an alias of one, with that merged into it."""
        start, end = self._alias(key)
        alias = self._text[start:end]
        if not isinstance(new, Mapping):
            raise _NoPlace
        if mapping.flow_style:
            return _Splice(start, end, f"{{<<: {alias}, {self._flow(new)[1:]}")
        column = key.start_mark.column + _STEP
        lines = self._newline.join((f"{' ' * column}<<: {alias}", self._block(new, column)))
        # From the colon on, so that no space stays at the end of its line.
        colon = self._text.index(":", self._index(key.end_mark)) + 1
        return _Splice(colon, end, self._newline + lines)

    def _replace(self, key: Any, value: Any, new: Value) -> _Splice:
        if self._is_alias(key, value):
            start, end = self._alias(key)
            return _Splice(start, end, self._flow(new))
        if _is_null(value):
            return self._fill(key, value, new)
        start, end = self._index(value.start_mark), self._end(key, value)
        in_lines = isinstance(value, (self._yaml.SequenceNode, self._yaml.MappingNode)) and not value.flow_style
        if in_lines and isinstance(new, Sequence) and not isinstance(new, str) and isinstance(value, self._yaml.SequenceNode):
            indent = self._newline + " " * value.start_mark.column
            return _Splice(start, end, indent.join(f"- {self._scalar(item)}" for item in new))
        return _Splice(start, end, self._flow(new))

    def _fill(self, key: Any, value: Any, new: Value) -> _Splice:
        if self._is_alias(key, value):
            raise _NoPlace
        start, end = self._index(value.start_mark), self._index(value.end_mark)
        if isinstance(new, Mapping) and start == end and not self._json:
            # An empty value: its place may be after a comment, so that the colon is looked for.
            column = key.start_mark.column
            colon = self._text.index(":", self._index(key.end_mark))
            place = self._end_of_line(colon)
            return _Splice(place, place, self._newline + self._block(new, column + _STEP))
        if start == end:
            raise _NoPlace
        return _Splice(start, end, self._flow(new))

    def _remove(self, mapping: Any, key: Any) -> _Splice:
        pairs = mapping.value
        number = next(index for index, pair in enumerate(pairs) if pair[0] is key)
        start, end = self._index(key.start_mark), self._end(*pairs[number])
        if mapping.flow_style:
            if number + 1 < len(pairs):
                return _Splice(start, self._index(pairs[number + 1][0].start_mark), "")
            return _Splice(self._end(*pairs[number - 1]) if number else start, end, "")
        line = self._lines[key.start_mark.line]
        if self._text[line:start].strip() or len(pairs) == 1:
            raise _NoPlace
        return _Splice(line, min(self._end_of_line(end) + len(self._newline), len(self._text)), "")

    # Places.

    def _index(self, mark: Any) -> int:
        line, column = int(mark.line), int(mark.column)
        return min(self._lines[min(line, len(self._lines) - 1)] + column, len(self._text))

    def _end(self, key: Any, node: Any) -> int:
        """Where the last part of a value ends, without the comments and blank lines that follow."""
        if self._is_alias(key, node):
            return self._alias(key)[1]
        if isinstance(node, self._yaml.ScalarNode) or node.flow_style:
            end = self._index(node.end_mark)
            return end if not isinstance(node, self._yaml.ScalarNode) or node.style not in ("|", ">") else self._before_blank(end)
        if not node.value:
            return self._index(node.end_mark)
        last = node.value[-1]
        return self._end(*last) if isinstance(node, self._yaml.MappingNode) else self._end(key, last)

    def _is_alias(self, key: Any, node: Any) -> bool:
        """Whether the value of a key is an alias: its node then stands at the anchor, before it."""
        return self._index(node.start_mark) < self._index(key.start_mark)

    def _alias(self, key: Any) -> tuple[int, int]:
        found = _ALIAS.match(self._text, self._index(key.end_mark))
        if found is None:
            raise _NoPlace
        return found.span(1)

    def _before_blank(self, end: int) -> int:
        return len(self._text[:end].rstrip("\r\n ")) if end <= len(self._text) else len(self._text)

    def _end_of_line(self, index: int) -> int:
        end = self._text.find("\n", index)
        if end < 0:
            return len(self._text)
        return end - 1 if self._text[end - 1 : end] == "\r" else end

    # Forms.

    def _entry(self, name: str, value: Value, column: int) -> str:
        if isinstance(value, Mapping):
            return f"{self._scalar(name)}:{self._newline}{self._block(value, column + _STEP)}"
        return f"{self._scalar(name)}: {self._flow(value)}"

    def _block(self, value: Mapping[str, Value], column: int) -> str:
        return self._newline.join(" " * column + self._entry(name, item, column) for name, item in value.items())

    def _flow(self, value: Value) -> str:
        if isinstance(value, Mapping):
            return "{" + ", ".join(f"{self._scalar(name)}: {self._flow(item)}" for name, item in value.items()) + "}"
        if isinstance(value, (str, bool)):
            return self._scalar(value)
        return "[" + ", ".join(map(self._scalar, value)) + "]"

    def _scalar(self, value: str | bool) -> str:
        if isinstance(value, bool) or self._json or not _PLAIN.fullmatch(value) or plain(value) != value:
            return json.dumps(value, ensure_ascii=False)
        return value


def _nested(path: Sequence[str], value: Value) -> Value:
    for name in reversed(path):
        value = {name: value}
    return value


def _is_null(node: Any) -> bool:
    return bool(node.tag == "tag:yaml.org,2002:null")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
