"""What type checkers know of fields that are given as one type and read as another.

Fields of specifications are brought into a normal form: ``["a", "b"]`` is given
and ``("a", "b")`` is read.  A type checker takes the type of a constructor's
argument from ``__set__`` of an annotation, and that of an attribute from
``__get__``.  Nothing of this is there when the program runs.
Source: https://typing.python.org/en/latest/spec/dataclasses.html#dataclass-semantics
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

_Given = TypeVar("_Given", contravariant=True)
_Read = TypeVar("_Read", covariant=True)


class Given(Protocol[_Given, _Read]):
    """A field that is given as the first type, and read as the second."""

    def __get__(self, instance: object, owner: Any = None) -> _Read: ...

    def __set__(self, instance: object, value: _Given) -> None: ...


# No Sequence[str]: that is what a single text is too.
Words = Given[list[str] | tuple[str, ...], tuple[str, ...]]
"""Texts in order."""

Pairs = Given[Mapping[str, str] | tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]
"""Texts by name, read as sorted pairs."""
