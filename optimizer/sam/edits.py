"""Values of a template or of another YAML or JSON file, set and removed in its text, so that all else stays as people wrote it.

Each edit is proven: the text with it means what the text meant, with that one
value set or removed.  What has no safe place, such as a block that another
key takes by its anchor, is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, TypeAlias

from optimizer.sam.document import Document, parse_document
from optimizer.sam.scalars import plain

Value: TypeAlias = "str | bool | Sequence[str] | Mapping[str, Value]"
"""What can be set: texts, truth values, lists of texts, and mappings of these."""

_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*(?::[A-Za-z0-9_./-]+)*")
_STEP = 2


@dataclass(frozen=True, slots=True)
class Change:
    """One value: the path of its key, and what it shall be; None removes the key."""

    path: tuple[str, ...]
    value: Value | None


class NotEditable(Exception):
    """A change that the text has no safe place for; the text says which, and what to do by hand."""


def edited(text: str, changes: Iterable[Change]) -> str:
    """The text with the changes, which are made one after the other; a change that is so already changes nothing.

    Raises :class:`NotEditable`, and then nothing is changed.
    """
    for change in changes:
        text = _changed(text, change)
    return text


def _changed(text: str, change: Change) -> str:
    before = _data(text)
    wanted = _with(before, change.path, change.value)
    if wanted == before:
        return text
    bom = "\ufeff" if text.startswith("\ufeff") else ""
    try:
        result = bom + _Editor(text.removeprefix("\ufeff")).apply(change)
        proven = _data(result) == wanted
    except (_NoPlace, NotEditable):
        proven = False
    if not proven:
        name = ".".join(change.path)
        what = f"set {name} to {json.dumps(change.value)}" if change.value is not None else f"remove {name}"
        raise NotEditable(f"the text has no safe place for an edit: {what} by hand")
    return result


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
            self._root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except yaml.YAMLError:
            raise _NoPlace from None
        seen: set[int] = set()
        self._shared = {id(node) for node in _nodes(self._root) if id(node) in seen or seen.add(id(node))}  # type: ignore[func-returns-value]

    def apply(self, change: Change) -> str:
        node, path = self._root, change.path
        while True:
            if not isinstance(node, self._yaml.MappingNode) or id(node) in self._shared:
                raise _NoPlace
            found = next((pair for pair in node.value if pair[0].value == path[0]), None)
            if found is None:
                return self._text if change.value is None else self._insert(node, path[0], _nested(path[1:], change.value))
            key, value = found
            if len(path) == 1:
                return self._remove(node, key) if change.value is None else self._replace(key, value, change.value)
            if _is_null(value):
                return self._fill(key, value, _nested(path[1:], change.value or ""))
            node, path = value, path[1:]

    # Edits.

    def _insert(self, mapping: Any, name: str, value: Value) -> str:
        if mapping.flow_style:
            return self._insert_into_flow(mapping, name, value)
        if not mapping.value:
            raise _NoPlace
        column = mapping.value[0][0].start_mark.column
        last_key, last_value = mapping.value[-1]
        place = self._end_of_line(self._end(last_key, last_value))
        return self._spliced(place, place, self._newline + " " * column + self._entry(name, value, column))

    def _insert_into_flow(self, mapping: Any, name: str, value: Value) -> str:
        entry = f"{self._scalar(name)}: {self._flow(value)}"
        start = self._index(mapping.start_mark) + 1
        if not mapping.value:
            return self._spliced(start, start, entry)
        first = self._index(mapping.value[0][0].start_mark)
        between = self._text[start:first]
        # Entries that stand on lines of their own get one, as the others have.
        space = between if "\n" in between and not between.strip() else " "
        return self._spliced(first, first, f"{entry},{space}")

    def _replace(self, key: Any, value: Any, new: Value) -> str:
        if id(value) in self._shared or value.start_mark.line < key.start_mark.line:
            raise _NoPlace
        if _is_null(value):
            return self._fill(key, value, new)
        start, end = self._index(value.start_mark), self._end(key, value)
        in_lines = isinstance(value, (self._yaml.SequenceNode, self._yaml.MappingNode)) and not value.flow_style
        if in_lines and isinstance(new, Sequence) and not isinstance(new, str) and isinstance(value, self._yaml.SequenceNode):
            indent = self._newline + " " * value.start_mark.column
            return self._spliced(start, end, indent.join(f"- {self._scalar(item)}" for item in new))
        return self._spliced(start, end, self._flow(new))

    def _fill(self, key: Any, value: Any, new: Value) -> str:
        if value.start_mark.line < key.start_mark.line:
            raise _NoPlace
        start, end = self._index(value.start_mark), self._index(value.end_mark)
        if isinstance(new, Mapping) and start == end and not self._json:
            # An empty value: its place may be after a comment, so that the colon is looked for.
            column = key.start_mark.column
            colon = self._text.index(":", self._index(key.end_mark))
            place = self._end_of_line(colon)
            return self._spliced(place, place, self._newline + self._block(new, column + _STEP))
        if start == end:
            raise _NoPlace
        return self._spliced(start, end, self._flow(new))

    def _remove(self, mapping: Any, key: Any) -> str:
        pairs = mapping.value
        number = next(index for index, pair in enumerate(pairs) if pair[0] is key)
        start, end = self._index(key.start_mark), self._end(*pairs[number])
        if mapping.flow_style:
            if number + 1 < len(pairs):
                return self._spliced(start, self._index(pairs[number + 1][0].start_mark), "")
            return self._spliced(self._end(*pairs[number - 1]) if number else start, end, "")
        line = self._lines[key.start_mark.line]
        if self._text[line:start].strip() or len(pairs) == 1:
            raise _NoPlace
        return self._spliced(line, min(self._end_of_line(end) + len(self._newline), len(self._text)), "")

    # Places.

    def _index(self, mark: Any) -> int:
        line, column = int(mark.line), int(mark.column)
        return min(self._lines[min(line, len(self._lines) - 1)] + column, len(self._text))

    def _end(self, key: Any, node: Any) -> int:
        """Where the last part of a value ends, without the comments and blank lines that follow."""
        if id(node) in self._shared or node.start_mark.line < key.start_mark.line:
            # An alias: the node stands where its anchor is.
            raise _NoPlace
        if isinstance(node, self._yaml.ScalarNode) or node.flow_style:
            end = self._index(node.end_mark)
            return end if not isinstance(node, self._yaml.ScalarNode) or node.style not in ("|", ">") else self._before_blank(end)
        if not node.value:
            return self._index(node.end_mark)
        last = node.value[-1]
        return self._end(*last) if isinstance(node, self._yaml.MappingNode) else self._end(key, last)

    def _before_blank(self, end: int) -> int:
        return len(self._text[:end].rstrip("\r\n ")) if end <= len(self._text) else len(self._text)

    def _end_of_line(self, index: int) -> int:
        end = self._text.find("\n", index)
        if end < 0:
            return len(self._text)
        return end - 1 if self._text[end - 1 : end] == "\r" else end

    def _spliced(self, start: int, end: int, text: str) -> str:
        return self._text[:start] + text + self._text[end:]

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


def _nodes(node: Any) -> Iterator[Any]:
    """Every node, as often as it is named; what an alias repeats is not looked into again."""
    seen: set[int] = set()
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        if id(current) in seen or isinstance(current.value, str):
            continue
        seen.add(id(current))
        for item in current.value:
            stack.extend(item if isinstance(item, tuple) else (item,))


def _is_null(node: Any) -> bool:
    return bool(node.tag == "tag:yaml.org,2002:null")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
