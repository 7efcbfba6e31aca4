"""``Fn::ForEach`` of a template, written out.

Bounds: loops within loops, and the values and characters that all loops give.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-foreach.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from optimizer.sam.document import Document
from optimizer.sam.intrinsics import Intrinsics

PREFIX = "Fn::ForEach::"

DEEPEST = 5
"""How many loops may stand within one another; CloudFormation takes no more."""

MOST = 2_000_000
"""Characters, and values at 16 characters each, that the loops of a template may give; CloudFormation takes 1 MB."""

_EACH = 16
_TRANSFORM = "AWS::LanguageExtensions"


class _Refused(Exception):
    """A loop that cannot be written out, and why."""


@dataclass(slots=True)
class _Loops:
    intrinsics: Intrinsics
    declared: Mapping[str, Any]
    left: int = MOST

    def written_out(self, loop: Any, outer: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
        """The names and values that a loop gives; raises :class:`_Refused`."""
        if not isinstance(loop, list) or len(loop) != 3 or not isinstance(loop[0], str) or not loop[0] or not isinstance(loop[2], Mapping):
            raise _Refused("a loop is a list of a name, a list of values and a mapping")
        name, given, body = loop
        if len(outer) >= DEEPEST:
            raise _Refused(f"loops stand within one another more than {DEEPEST} deep")
        if name in outer or name in self.declared:
            raise _Refused(f'the name "{name}" is taken by a parameter, or by a loop around it')
        values = self.intrinsics.resolve(given)
        if not isinstance(values, list):
            values = [values]
        items = [part for value in values for part in (value if isinstance(value, list) else [value])]
        for item in items:
            if not isinstance(item, (str, int, float)):
                raise _Refused(self.intrinsics.reason(item) or "its values are no texts")
            self.left -= _EACH
            for key, template in body.items():
                inner, value = self._with(key, name, str(item)), self._with(template, name, str(item))
                if inner.startswith(PREFIX):
                    yield from self.written_out(value, (*outer, name))
                else:
                    yield inner, value

    def _with(self, value: Any, name: str, item: str) -> Any:
        """The value with the item in the place of the loop's name."""
        self.left -= _EACH
        if isinstance(value, str):
            plain = re.sub(r"[^A-Za-z0-9]", "", item)
            self.left -= len(value) + len(item) * value.count(f"{{{name}}}")
            if self.left >= 0:
                return value.replace(f"${{{name}}}", item).replace(f"&{{{name}}}", plain)
        if self.left < 0:
            raise _Refused("the loops of the template give too much to look at")
        if isinstance(value, list):
            return [self._with(each, name, item) for each in value]
        if isinstance(value, Mapping):
            if value == {"Ref": name}:
                return item
            return {self._with(key, name, item): self._with(each, name, item) for key, each in value.items()}
        return value


def without_loops(document: Document, intrinsics: Intrinsics) -> tuple[Document, Mapping[str, str]]:
    """The document with the resources that its loops give, each at the place of its loop; and why loops stay, by their keys.

    A document without loops is given back as it is.
    """
    data = document.data if isinstance(document.data, Mapping) else {}
    resources = data.get("Resources")
    if not isinstance(resources, Mapping) or not any(key.startswith(PREFIX) for key in resources):
        return document, {}
    loops = _Loops(intrinsics, declared=_mapping(data.get("Parameters")))
    transform = data.get("Transform")
    extended = _TRANSFORM in (transform if isinstance(transform, list) else [transform])
    found: dict[str, Any] = {key: value for key, value in resources.items() if not key.startswith(PREFIX)}
    refused: dict[str, str] = {}
    places = dict(document.places)
    for key, loop in resources.items():
        if not key.startswith(PREFIX):
            continue
        try:
            if not extended:
                raise _Refused(f"the template does not name the transform {_TRANSFORM}, which loops need")
            given = list(loops.written_out(loop))
            counted = Counter(name for name, _ in given)
            taken = next((name for name in counted if name in found or counted[name] > 1), None)
            if taken is not None:
                raise _Refused(f'two resources would have the name "{taken}"')
        except _Refused as reason:
            refused[key] = str(reason)
            continue
        for name, value in given:
            found[name] = value
            place = document.places.get(("Resources", key))
            if place is not None:
                places[("Resources", name)] = place
    return replace(document, data={**data, "Resources": found}, places=places), refused


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
