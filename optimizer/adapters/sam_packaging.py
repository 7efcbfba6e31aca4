"""Packaged templates: copies of a template, and of those that it nests, whose functions name images that were pushed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import unquote, urlparse

from optimizer.adapters.files import read_bounded
from optimizer.adapters.path_names import LARGEST_TEMPLATE
from optimizer.dockerfile.parse import decode
from optimizer.errors import ContextError, Fault
from optimizer.sam.document import Document, parse_document
from optimizer.sam.edits import Change, NotEditable, edited

_NESTING = {"AWS::Serverless::Application": "Location", "AWS::CloudFormation::Stack": "TemplateURL"}


def packaged_path(template: str) -> str:
    """Where the packaged form of a template stands: beside it, because paths in it are relative to its directory."""
    stem, extension = os.path.splitext(template)
    return f"{stem}.packaged{extension}"


def packaged_templates(template: str, output: str, changes: Mapping[str, Sequence[Change]]) -> dict[str, str]:
    """The texts of packaged templates by their paths; the template's own goes to ``output``.

    ``changes`` are those of the functions, by the file that declares them.
    Raises :class:`ContextError` for what has no safe place in a text, and for
    templates of which the first one names none by its path.
    """
    packaging = _Packaging(changes)
    packaging.add(os.path.normpath(template), output)
    unnamed = [
        Fault(f'no template names "{path}" by its path', path, "name it by a path in the template that nests it, in place of a function")
        for path in sorted(set(map(os.path.normpath, changes)) - packaging.seen.keys())
    ]
    if packaging.faults or unnamed:
        raise ContextError([*packaging.faults, *unnamed])
    return packaging.texts


class _Packaging:
    def __init__(self, changes: Mapping[str, Sequence[Change]]) -> None:
        self._changes = {os.path.normpath(path): list(own) for path, own in changes.items()}
        self.seen: dict[str, bool] = {}
        """Templates, and whether there is anything to change in each or below it."""
        self.texts: dict[str, str] = {}
        self.faults: list[Fault] = []

    def add(self, path: str, target: str) -> bool:
        """Package a template for the target; gives whether that changes anything. The first one is always written."""
        if path in self.seen:
            return self.seen[path]
        is_first = not self.seen
        self.seen[path] = False
        text = decode(read_bounded(path, LARGEST_TEMPLATE) or b"")
        wanted = list(self._changes.get(path, ()))
        for logical_id, key, location in _nested(text):
            below = os.path.normpath(os.path.join(os.path.dirname(path), location))
            if self.add(below, packaged_path(below)):
                name = os.path.relpath(packaged_path(below), os.path.dirname(path) or ".").replace(os.sep, "/")
                wanted.append(Change(("Resources", logical_id, "Properties", key), name))
        if wanted or is_first:
            try:
                self.texts[target] = edited(text, wanted)
            except NotEditable as error:
                hint = "the packaged template is a copy of it, with that value set"
                self.faults += (Fault(reason, path, hint) for reason in error.args)
        self.seen[path] = bool(wanted)
        return bool(wanted)


def _nested(text: str) -> Iterator[tuple[str, str, str]]:
    """The stacks and applications of a template whose files it names by a path: logical id, property, path."""
    document = parse_document(text)
    data = document.data if isinstance(document, Document) and isinstance(document.data, dict) else {}
    resources = data.get("Resources")
    for logical_id, resource in resources.items() if isinstance(resources, dict) else ():
        key = _NESTING.get(str(resource.get("Type"))) if isinstance(resource, dict) else None
        properties = resource.get("Properties") if key is not None else None
        location = properties.get(key) if isinstance(properties, dict) else None
        if key is not None and isinstance(location, str) and not location.startswith(("s3://", "http://", "https://")):
            yield logical_id, key, unquote(urlparse(location).path) if location.startswith("file://") else location
