"""The functions of a template that run a directory of code, without an image, as far as the template itself says so."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.sam.config import ParameterOverrides
from optimizer.sam.document import Document, parse_document
from optimizer.sam.intrinsics import Intrinsics
from optimizer.sam.template import SERVERLESS, declared_functions

_OF_CODE = ("Runtime", "Handler", "Layers", "CodeUri")
"""What an image function does not have; a ``CodeUri`` of ``Globals`` is passed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipFunction:
    """A function of a template.

    ``code`` is its directory relative to the template, by default that of the
    template itself; ``architecture`` is empty for the default.  ``own`` are
    its properties that an image function does not have, and ``common`` those
    that it takes from ``Globals``.
    """

    logical_id: str
    code: str
    runtime: str
    handler: str
    architecture: str
    own: tuple[str, ...] = ()
    common: tuple[str, ...] = ()


def zip_functions(text: str, given: ParameterOverrides = ParameterOverrides()) -> Iterator[ZipFunction]:  # noqa: B008 - an immutable value
    """Those whose runtime and code are known before the deployment, with the parameters that are given."""
    document = parse_document(text)
    if not isinstance(document, Document) or not isinstance(document.data, dict):
        return
    resources = document.data.get("Resources")
    if not isinstance(resources, dict):
        return
    for name, known in declared_functions(document, Intrinsics(document.data, given.values, complete=given.complete)):
        values = known["Properties"]
        code, runtime, handler = values.get("CodeUri", "."), values.get("Runtime"), values.get("Handler")
        if (
            resources[name].get("Type") != SERVERLESS
            or values.get("PackageType", "Zip") != "Zip"
            or "InlineCode" in values
            or not (isinstance(code, str) and isinstance(runtime, str))
        ):
            continue
        architectures = values.get("Architectures")
        architecture = architectures[0] if isinstance(architectures, list) and architectures else ""
        written = resources[name].get("Properties")
        own = tuple(key for key in _OF_CODE if isinstance(written, Mapping) and key in written)
        if "://" not in code:
            yield ZipFunction(
                logical_id=name,
                code=posixpath.normpath(code),
                runtime=runtime,
                handler=handler if isinstance(handler, str) else "",
                architecture=architecture if isinstance(architecture, str) else "",
                own=own,
                common=tuple(key for key in _OF_CODE[:-1] if key in values and _is_common(document.data, key)),
            )


def _is_common(template: Mapping[str, Any], key: str) -> bool:
    common = template.get("Globals")
    function = common.get("Function") if isinstance(common, Mapping) else None
    return isinstance(function, Mapping) and key in function
