"""The functions of a template that run a directory of code, without an image, as far as the template itself says so."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.sam.document import Document, parse_document

_TYPE = "AWS::Serverless::Function"


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipFunction:
    """A function of a template: ``code`` is its directory relative to the template, by default that of the template itself; ``architecture`` is empty for the default."""

    logical_id: str
    code: str
    runtime: str
    handler: str
    architecture: str


def zip_functions(text: str) -> Iterator[ZipFunction]:
    """Those whose runtime, handler and code are written as plain words; values that only a deployment knows are passed over."""
    document = parse_document(text)
    data = document.data if isinstance(document, Document) and isinstance(document.data, dict) else {}
    shared = _mapping(_mapping(data, "Globals"), "Function")
    for name, resource in _mapping(data, "Resources").items():
        if not isinstance(resource, dict) or resource.get("Type") != _TYPE:
            continue
        values = {**shared, **_mapping(resource, "Properties")}
        code, runtime, handler = values.get("CodeUri", "."), values.get("Runtime"), values.get("Handler")
        if (
            values.get("PackageType", "Zip") == "Image"
            or "InlineCode" in values
            or not (isinstance(code, str) and isinstance(runtime, str))
        ):
            continue
        architectures = values.get("Architectures")
        architecture = architectures[0] if isinstance(architectures, list) and architectures else ""
        if "://" not in code:
            yield ZipFunction(
                logical_id=str(name),
                code=posixpath.normpath(code),
                runtime=runtime,
                handler=handler if isinstance(handler, str) else "",
                architecture=architecture if isinstance(architecture, str) else "",
            )


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = data.get(key)
    return found if isinstance(found, dict) else {}
