"""Finds where the name of an image says that it is taken by a FIPS endpoint of Amazon ECR."""

from __future__ import annotations

import json

from optimizer.dockerfile.instruction import Position, Span
from optimizer.sam.document import Document, parse_document

_FIPS, _USUAL = ".dkr.ecr-fips.", ".dkr.ecr."


def fips_mark(text: str, document: Document, place: Span) -> Span | None:
    """What to take out of the text, so that the image whose key stands at the place is taken by the usual endpoint.

    ``document`` is what the text holds.  None where the name does not stand
    behind its key, or where without it anything else than that one name would
    change.
    """
    lines = text.removeprefix("\ufeff").split("\n")
    number, column = place.start.line, place.start.column - 1
    line = lines[number - 1] if number <= len(lines) else ""
    at = line.find(_FIPS, column)
    if at < 0:
        return None
    start = at + _FIPS.index("-fips")
    end = start + len("-fips")
    lines[number - 1] = line[:start] + line[end:]
    edited = parse_document("\n".join(lines))
    if not isinstance(edited, Document):
        return None
    before, after = (json.dumps(item.data, sort_keys=True, default=str) for item in (document, edited))
    # A name behind an anchor is that of other functions too.
    if before.count(_FIPS) != after.count(_FIPS) + 1 or before.replace(_FIPS, _USUAL) != after.replace(_FIPS, _USUAL):
        return None
    return Span(Position(number, start + 1), Position(number, end + 1))
