"""What ``optimizer publish`` and ``build`` measured of layers: the reports that they print with ``--format json``."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeGuard

from optimizer.adapters.files import read_bounded, why_unread
from optimizer.errors import ContextError, Fault
from optimizer.model.publication import PublishedSize
from optimizer.planning.history.decide import Measurement

_LARGEST = 64 * 1024 * 1024
_HINT = "give the file that `optimizer publish --format json` wrote"


def read_measurements(paths: Iterable[Path]) -> dict[str, Measurement]:
    """The layers of the reports by the keys of their stages: the longest time and the largest size of each.

    Raises :class:`ContextError` with one fault for each file that is no such report.
    """
    found: dict[str, Measurement] = {}
    faults: list[Fault] = []
    for path in paths:
        try:
            for key, layer in _layers(_document(path)):
                found[key] = _larger(found.get(key), layer)
        except _NoReport as why:
            faults.append(Fault(f'"{path}" {why}', str(path), _HINT))
    if faults:
        raise ContextError(faults)
    return found


def read_published_sizes(path: Path) -> dict[str, PublishedSize]:
    """The sizes that the report of a publication has, by the names of the images.

    Raises :class:`ContextError` for a file that is no such report.
    """
    try:
        rows = _document(path).get("sizes")
        if not isinstance(rows, list):
            raise _NoReport("is no report of a publication: it has no sizes")
        sizes = [
            PublishedSize(
                name=row["name"], reference=row["reference"], layers={layer["stage"]: int(layer["size"]) for layer in row["layers"]}
            )
            for row in rows
        ]
    except _NoReport as why:
        raise ContextError(f'"{path}" {why}', "--against", _HINT) from None
    except (KeyError, TypeError, ValueError):
        raise ContextError(f'"{path}" has an image without name, reference and sizes of layers', "--against", _HINT) from None
    return {size.name: size for size in sizes}


class _NoReport(Exception):
    """A file that is no report: the text ends a sentence."""


def _document(path: Path) -> Mapping[str, Any]:
    data = read_bounded(str(path), _LARGEST)
    if data is None:
        raise _NoReport(why_unread(str(path), _LARGEST))
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise _NoReport("is not JSON") from None
    if not isinstance(document, dict):
        raise _NoReport("is no report of a publication")
    return document


def _layers(document: Mapping[str, Any]) -> Iterable[tuple[str, Measurement]]:
    # A build has one image, a publication a list of them.
    images = document.get("images", [document])
    if not isinstance(images, list) or not all(isinstance(image, dict) and isinstance(image.get("layers"), list) for image in images):
        raise _NoReport("is no report of a publication: it has no layers")
    rows: list[Any] = [layer for image in images for layer in image["layers"]]
    for row in rows:
        layer = row if isinstance(row, dict) else {}
        key, size, seconds = layer.get("key"), layer.get("size"), layer.get("seconds")
        if not isinstance(key, str) or type(size) is not int or size < 0 or not _is_time(seconds):
            raise _NoReport("has a layer without key, size and seconds")
        # What a repository had took no time to make.
        yield key, Measurement(size_bytes=size, seconds=float(seconds) if layer.get("source") == "made" else None)


def _is_time(value: object) -> TypeGuard[float]:
    return type(value) in (int, float) and math.isfinite(value) and value >= 0  # type: ignore[arg-type, operator]


def _larger(one: Measurement | None, other: Measurement) -> Measurement:
    if one is None:
        return other
    times = [each.seconds for each in (one, other) if each.seconds is not None]
    return Measurement(size_bytes=max(one.size_bytes, other.size_bytes), seconds=max(times) if times else None)
