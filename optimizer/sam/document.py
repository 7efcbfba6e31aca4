"""The text of a template as plain data, whatever the text is.

CloudFormation's short tags become what they stand for: ``!Ref X`` is
``{"Ref": "X"}``, ``!Sub X`` is ``{"Fn::Sub": "X"}``.  No other tag has a
meaning here, so no object of a text's choice is ever constructed.  Plain
scalars have the types that SAM CLI's parser, which reads YAML 1.1, gives them:
``yes`` is True, ``1.10`` is 1.1 and ``010`` is 8.  Dates and keys stay texts.

Bounds: nesting, the number of values with every alias written out, and so the
work of the code that walks the data.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from optimizer.dockerfile.instruction import Position, Problem, Span
from optimizer.sam.scalars import plain

DEPTH = 100
"""How deep values may be nested."""

VALUES = 500_000
"""How many values a template may have, with every alias written out."""

_TOO_DEEP = f"values are nested more than {DEPTH} deep"
_PLACES = 5
_START = Span(Position(1, 1), Position(1, 1))
_ROOT = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A template as data, with the places of its keys.

    ``places`` maps the path of a key to where it stands, for the first five
    levels; ``flows`` holds the paths of the mappings among them that are
    written in braces.  Both are empty for JSON.
    """

    data: Any
    places: Mapping[tuple[str, ...], Span] = field(default_factory=dict)
    flows: frozenset[tuple[str, ...]] = frozenset()


def parse_document(text: str) -> Document | Problem:
    """The data of a text in JSON or YAML; or why it is neither."""
    text = text.removeprefix("\ufeff")
    if text.lstrip()[:1] == "{":
        read = _json(text)
        if read is not None:
            return read
    return _yaml(text)


def _json(text: str) -> Document | Problem | None:
    try:
        data = json.loads(text)
    except RecursionError:
        return Problem(_TOO_DEEP, _START)
    except ValueError:
        # Braces begin YAML too, whose parser has the better message.
        return None
    level = [data]
    for _ in range(DEPTH + 1):
        level = [
            item for value in level if isinstance(value, (dict, list)) for item in (value.values() if isinstance(value, dict) else value)
        ]
    return Problem(_TOO_DEEP, _START) if level else Document(data=data)


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end is not yet seen; ``size`` counts its values, ``key`` is the one that waits for its value."""

    value: list[Any] | dict[str, Any]
    path: tuple[str, ...]
    wrap: str
    anchor: str | None
    size: int = 1
    key: str | None = None
    merged: list[Mapping[str, Any]] = field(default_factory=list)


class _Fault(Exception):
    def __init__(self, message: str, mark: Any) -> None:
        super().__init__(message)
        self.message = message
        self.mark = mark


def _yaml(text: str) -> Document | Problem:
    # Imported here, because most trees have no template.
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _composed(yaml.parse(text, Loader=loader))
    except _Fault as fault:
        return Problem(fault.message, _at(fault.mark))
    except yaml.MarkedYAMLError as error:
        return Problem(f"not readable as YAML: {error.problem or error.context}", _at(error.problem_mark or error.context_mark))
    except (yaml.YAMLError, ValueError) as error:
        return Problem(f"not readable as YAML: {str(error).splitlines()[0]}", _START)


def _composed(events: Iterator[Any]) -> Document:
    """The data of the first document; an explicit stack, so that depth costs no recursion."""
    from yaml import events as kinds

    places: dict[tuple[str, ...], Span] = {}
    flows: set[tuple[str, ...]] = set()
    anchors: dict[str, tuple[Any, int]] = {}
    unfinished: set[str] = set()
    stack: list[_Open] = []
    data: Any = None
    total = 0
    for event in events:
        if isinstance(event, kinds.DocumentEndEvent):
            break
        if isinstance(event, (kinds.SequenceStartEvent, kinds.MappingStartEvent)):
            if len(stack) >= DEPTH:
                raise _Fault(_TOO_DEEP, event.start_mark)
            value: Any = [] if isinstance(event, kinds.SequenceStartEvent) else {}
            path = _path_of_next(stack)
            if event.flow_style and len(path) < _PLACES:
                flows.add(path)
            stack.append(_Open(value=value, path=path, wrap=_function(event.tag), anchor=event.anchor))
            if event.anchor:
                unfinished.add(event.anchor)
            continue
        if isinstance(event, (kinds.SequenceEndEvent, kinds.MappingEndEvent)):
            done = stack.pop()
            if isinstance(done.value, dict):
                for merged in done.merged:
                    for key, item in merged.items():
                        done.value.setdefault(key, item)
            value, size = _wrapped(done.wrap, done.value), done.size
            if done.anchor:
                unfinished.discard(done.anchor)
                anchors[done.anchor] = (value, size)
        elif isinstance(event, kinds.ScalarEvent):
            is_key = bool(stack) and isinstance(stack[-1].value, dict) and stack[-1].key is None
            value, size = _scalar(event, is_key=is_key), 1
            if event.anchor:
                anchors[event.anchor] = (value, 1)
        elif isinstance(event, kinds.AliasEvent):
            if event.anchor in unfinished:
                raise _Fault(f'the alias "{event.anchor}" is inside of its own anchor', event.start_mark)
            if event.anchor not in anchors:
                raise _Fault(f'the alias "{event.anchor}" names nothing', event.start_mark)
            value, size = anchors[event.anchor]
        else:
            continue
        total = stack[-1].size + size if stack else size
        if total > VALUES:
            raise _Fault(f"the template has more than {VALUES} values, aliases written out", event.start_mark)
        if not stack:
            data = value
            continue
        _put(stack[-1], value, size, event, places)
    return Document(data=data, places=places, flows=frozenset(flows))


def _put(into: _Open, value: Any, size: int, event: Any, places: dict[tuple[str, ...], Span]) -> None:
    into.size += size
    if isinstance(into.value, list):
        into.value.append(value)
    elif into.key is None:
        if not isinstance(value, str):
            raise _Fault("a key is not a string", event.start_mark)
        into.key = value
        if len(into.path) < _PLACES:
            place = (*into.path, value)
            places[place] = _span(event)
    else:
        if into.key == "<<" and isinstance(value, (dict, list)):
            into.merged += [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]
        else:
            into.value[into.key] = value
        into.key = None


def _path_of_next(stack: list[_Open]) -> tuple[str, ...]:
    if not stack:
        return ()
    # What stands in a list has no path of keys; nobody asks for the place of such a key.
    return (*stack[-1].path, stack[-1].key or _ROOT)


def _scalar(event: Any, *, is_key: bool) -> Any:
    if event.style or event.tag:
        return _wrapped(_function(event.tag), event.value)
    value = plain(event.value)
    # The name of a resource may look like a number; SAM CLI has no use for another key that does.
    return event.value if is_key and value is not None else value


def _function(tag: str | None) -> str:
    """The intrinsic function that a short tag stands for; empty for none."""
    if not tag or not tag.startswith("!") or len(tag) == 1:
        return ""
    name = tag[1:]
    return name if name in ("Ref", "Condition") else f"Fn::{name}"


def _wrapped(function: str, value: Any) -> Any:
    return {function: value} if function else value


def _span(event: Any) -> Span:
    start, end = _at(event.start_mark).start, _at(event.end_mark).start
    return Span(start, end)


def _at(mark: Any) -> Span:
    if mark is None:
        return _START
    place = Position(mark.line + 1, mark.column + 1)
    return Span(place, place)
