"""What the properties of a function say, as far as the template tells."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from optimizer.linting.finding import Inconclusive, Verdict, Violation
from optimizer.linting.subjects import FunctionSubject
from optimizer.model.function import DeclaredFunction


class Hidden(enum.Enum):
    """What stands for a value that only a deployment knows."""

    HIDDEN = "known at deployment only"


HIDDEN: Final = Hidden.HIDDEN


def property_of(declared: DeclaredFunction, *keys: str) -> Any:
    """The value at a path of the function's properties; None where it is not set, :data:`HIDDEN` where an intrinsic function decides it."""
    value: Any = declared.properties
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
        if is_intrinsic(value):
            return HIDDEN
    return value


def hidden(subject: FunctionSubject, *paths: tuple[str, ...]) -> Iterator[Inconclusive]:
    """What there is to say of the properties at ``paths`` that an intrinsic function decides: once for each that it does."""
    parts = (path[:end] for path in paths for end in range(1, len(path) + 1) if property_of(subject.declared, *path[:end]) is HIDDEN)
    known = dict.fromkeys(part for part in parts if len(part) == 1 or property_of(subject.declared, *part[:-1]) is not HIDDEN)
    for part in known:
        yield Inconclusive(reason=f"{name_of(part)} is known at deployment only", span=subject.place(*part))


def name_of(path: tuple[str, ...]) -> str:
    """What messages call the property at a path."""
    return path[0] if len(path) == 1 else f"{path[-1]} of {path[0]}"


def is_intrinsic(value: Any) -> bool:
    """Whether a value of a template is an intrinsic function."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return False
    (name,) = value
    return str(name) == "Ref" or str(name).startswith("Fn::")


def whole_number(value: Any) -> int | None:
    """A number of a template, which may be written as a text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def number(value: Any) -> float | None:
    """A number of a template, with a point too, which may be written as a text; None for anything else."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", value):
        return float(value)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def is_set(declared: DeclaredFunction, name: str) -> bool | None:
    """Whether a function has a property, whatever its value; None where a condition decides it that only a deployment knows."""
    value = declared.properties.get(name)
    if isinstance(value, Mapping) and "Fn::If" in value:
        return None
    return bool(value)


def runs_image(declared: DeclaredFunction) -> bool:
    """Whether a function says that it runs an image."""
    return bool(property_of(declared, "PackageType") == "Image")


def from_archive(declared: DeclaredFunction) -> bool:
    """Whether a function says that its code is a zip archive, or says nothing and names no image."""
    package = property_of(declared, "PackageType")
    named: Any = property_of(declared, "ImageUri") or property_of(declared, "Code", "ImageUri")
    return bool(package == "Zip" or (package is None and named is None))


def set_properties(subject: FunctionSubject, hints: Mapping[str, str], message: str) -> Iterator[Verdict]:
    """What there is to say of properties that the function must not have: their hints by name, and ``message`` with the name for ``{}``."""
    for name, hint in hints.items():
        given = is_set(subject.declared, name)
        if given is None:
            yield Inconclusive(reason=f"whether the function has {name} is known at deployment only", span=subject.place(name))
        elif given:
            yield Violation(message=message.format(name), span=subject.place(name), hint=hint)
