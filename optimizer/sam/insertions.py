"""Finds where an optional property can be added to a template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Any

from optimizer.dockerfile.instruction import Span
from optimizer.sam.document import Document, parse_document

Insertion = tuple[Span, str]
"""An empty span, and the text to put there."""


def architectures(text: str, document: Document, logical_ids: Iterable[str], architecture: str) -> Mapping[str, Insertion]:
    """How each of the functions can be given the architecture, by logical id; none that the text has no safe place for.

    ``document`` is what the text holds.  A place is safe when the text with all
    insertions means the same as before, with the architectures added: a block
    that another function takes by its anchor has none.
    """
    found: dict[str, Insertion] = {}
    data = document.data
    for logical_id in logical_ids:
        place = _first_key(document, logical_id)
        if place is None:
            continue
        flow = ("Resources", logical_id, "Properties") in document.flows
        column = place.start.column - 1
        found[logical_id] = (Span(place.start, place.start), f"Architectures: [{architecture}]" + (", " if flow else "\n" + " " * column))
        data = _with(data, ("Resources", logical_id, "Properties", "Architectures"), [architecture])
    edited = parse_document(_inserted(text, found.values()))
    return found if isinstance(edited, Document) and edited.data == data else {}


def _first_key(document: Document, logical_id: str) -> Span | None:
    properties = ("Resources", logical_id, "Properties")
    places = [span for path, span in document.places.items() if len(path) == 4 and path[:3] == properties]
    return min(places, key=lambda span: (span.start.line, span.start.column), default=None)


def _with(data: Any, path: tuple[str, ...], value: Any) -> Any:
    if not path:
        return value
    return {**data, path[0]: _with(data.get(path[0]), path[1:], value)}


def _inserted(text: str, insertions: Iterable[Insertion]) -> str:
    lines = text.removeprefix("\ufeff").split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    whole, position = "", 0
    joined = "\n".join(lines)
    for span, added in sorted(insertions, key=lambda item: (item[0].start.line, item[0].start.column)):
        offset = min(starts[min(span.start.line, len(lines)) - 1] + span.start.column - 1, len(joined))
        whole += joined[position:offset] + added
        position = offset
    return whole + joined[position:]
