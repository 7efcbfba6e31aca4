"""Values of the model as plain data for JSON, and back.

The types of the fields decide: text, numbers, truth values, enums,
image references, optional values, tuples, and dataclasses of these.  A field
that has its default is left out, so that a new field with a default does not
make older data unreadable.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from optimizer.errors import SpecError
from optimizer.model.reference import ImageReference

Data = str | int | float | bool | None | list["Data"] | dict[str, "Data"]
"""What JSON can hold."""


class CodecError(ValueError):
    """Data that are no value of the type: ``place`` is where, such as ``stages[0].recipe``."""

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.place = place

    def under(self, place: str) -> CodecError:
        """The same error, seen from further up."""
        joint = "" if not self.place or self.place.startswith("[") else "."
        return CodecError(self.message, f"{place}{joint}{self.place}")


def to_data(value: Any, kinds: Mapping[type, str]) -> Data:
    """A value as plain data; ``kinds`` names the classes that stand where a class above them is declared."""
    if value is None or (isinstance(value, (str, int, float)) and not isinstance(value, enum.Enum)):
        return typing.cast(Data, value)
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, ImageReference):
        return {"image": str(value)}
    if isinstance(value, tuple):
        return [to_data(item, kinds) for item in value]
    data: dict[str, Data] = {"kind": kinds[type(value)]} if type(value) in kinds else {}
    cls: Any = type(value)
    for name, default in _defaults(cls):
        item = getattr(value, name)
        if default is dataclasses.MISSING or item != default:
            data[name] = to_data(item, kinds)
    return data


@functools.cache
def _defaults(cls: type) -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, field.default) for field in dataclasses.fields(cls))


def from_data(declared: Any, data: Any, kinds: Mapping[str, type]) -> Any:
    """A value of the declared type from plain data.

    Raises :class:`CodecError` for data that are none.
    """
    origin, arguments = typing.get_origin(declared), typing.get_args(declared)
    if origin in (typing.Union, types.UnionType):
        return _one_of(arguments, data, kinds)
    if origin is tuple:
        return _tuple(arguments, data, kinds)
    if declared is ImageReference:
        return _image(data)
    if isinstance(declared, type) and dataclasses.is_dataclass(declared):
        return _instance(declared, data, kinds)
    if isinstance(declared, type) and issubclass(declared, enum.Enum):
        try:
            return declared(data)
        except ValueError:
            raise CodecError(f"{data!r} is not one of {', '.join(str(item.value) for item in declared)}") from None
    if type(data) is not declared:
        raise CodecError(f"{data!r} is not a {_NAMES[declared]}")
    return data


_NAMES = {str: "string", int: "whole number", float: "fraction", bool: "boolean", type(None): "empty value"}


def _one_of(options: Sequence[Any], data: Any, kinds: Mapping[str, type]) -> Any:
    if data is None and type(None) in options:
        return None
    others = [option for option in options if option is not type(None)]
    # Of the unions that the model has, at most one member is an object.
    fitting = [option for option in others if (option in (str, int, bool)) is not isinstance(data, (dict, list))]
    return from_data((fitting or others)[0], data, kinds)


def _tuple(arguments: Sequence[Any], data: Any, kinds: Mapping[str, type]) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise CodecError(f"{data!r} is not a list")
    declared = [arguments[0]] * len(data) if arguments[-1] is Ellipsis else list(arguments)
    if len(declared) != len(data):
        raise CodecError(f"the list has {len(data)} items instead of {len(declared)}")
    return tuple(_at(f"[{index}]", from_data, each, item, kinds) for index, (each, item) in enumerate(zip(declared, data, strict=True)))


def _image(data: Any) -> ImageReference:
    text = data.get("image") if isinstance(data, dict) else None
    if not isinstance(text, str):
        raise CodecError(f"{data!r} is not an image")
    try:
        return ImageReference.parse(text)
    except SpecError as error:
        raise CodecError(error.faults[0].message) from None


def _instance(declared: type, data: Any, kinds: Mapping[str, type]) -> Any:
    if not isinstance(data, dict):
        raise CodecError(f"{data!r} is not an object")
    cls = declared
    given = dict(data)
    if "kind" in given:
        kind = given.pop("kind")
        found = kinds.get(kind) if isinstance(kind, str) else None
        if found is None or not issubclass(found, declared):
            raise CodecError(f"the kind {kind!r} is unknown", "kind")
        cls = found
    hints = _hints(cls)
    unknown = sorted(given.keys() - hints.keys())
    if unknown:
        raise CodecError(f"the field {unknown[0]!r} is unknown", unknown[0])
    required = [field.name for field in dataclasses.fields(cls) if field.default is dataclasses.MISSING and field.name not in given]
    if required:
        raise CodecError("the field is missing", required[0])
    return cls(**{name: _at(name, from_data, hints[name], value, kinds) for name, value in given.items()})


def _at(place: str, function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except CodecError as error:
        raise error.under(place) from None


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(cls)}
    return {name: hint for name, hint in typing.get_type_hints(cls).items() if name in names}
