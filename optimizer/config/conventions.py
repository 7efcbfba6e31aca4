"""Conventions as configuration files hold them: reading and merging.

Values are merged in this order, a later one winning: the defaults, the file at
the end of the chain of ``extends``, the files that extend it down to the
nearest, the command line.  Tables are merged key by key.  What sets rules or
findings aside adds up: ``ignore`` and ``suppressions``.  ``budgets`` add up too,
the nearest first, because the first that fits counts.  Every other value
replaces the one before.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from optimizer.bases.lock import Lock
from optimizer.bases.mirror import Mirror
from optimizer.config.files import CONVENTIONS
from optimizer.config.keys import BUDGET_KEYS, OWN_RULES, SUPPRESSION_KEYS, Key, Shape, keys_of
from optimizer.dockerfile.instruction import Position, Span
from optimizer.errors import ConfigurationError, Fault, did_you_mean
from optimizer.linting.budgets import LIMITS, Budget
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Location
from optimizer.linting.rule import Rule
from optimizer.linting.suppressions import Suppression
from optimizer.model import fields as types
from optimizer.model.fields import FieldFault

Layer = Mapping[str, Any]
"""The conventions of one file, or of a command line; keys that are not set are missing."""

Place = Callable[..., str]
"""The place of a key, given as its names and indexes, in the words of its user, such as ``optimizer.toml:3: ignore[0]``."""


def read_layer(data: Any, place: Place, path: str, line: Callable[..., int], rules: Sequence[Rule]) -> Layer:
    """The conventions that plain data holds.

    ``place`` and ``line`` tell where a key stands in the file at ``path``.
    Raises :class:`ConfigurationError` with a fault for each that is wrong.
    """
    if not isinstance(data, Mapping):
        raise ConfigurationError(f"{data!r} is not a table", place(), f"write [{CONVENTIONS}]")
    known = {key.name: key for key in keys_of(rules)}
    faults: list[Fault] = []
    values: dict[str, Any] = {}
    for name, value in data.items():
        key = known.get(name)
        if key is None:
            hint = did_you_mean(str(name).replace("-", "_"), known)
            faults.append(Fault(f'unknown key "{name}"; allowed: {", ".join(known)}', place(name), hint))
        elif key.shape is Shape.VALUE:
            _take(values, name, key.type.read, value, faults, place, name)
        elif key.shape is Shape.TABLE:
            values[name] = _table(key, value, faults, place)
        elif not isinstance(value, list):
            faults.append(Fault(f"{value!r} is not a list", place(name), "write it in [ ]"))
        elif key.shape is Shape.TABLES:
            values[name] = tuple(_suppressions(key, value, faults, place, path, line))
        elif key.shape is Shape.NEARER_TABLES:
            values[name] = tuple(_budgets(key, value, faults, place))
        else:
            items: dict[int, Any] = {}
            for index, item in enumerate(value):
                _take(items, index, key.type.read, item, faults, place, name, index)
            values[name] = tuple(items.values())
    if faults:
        raise ConfigurationError(faults)
    return values


def merge(layers: Iterable[Layer], *, today: datetime.date, mirror: Mirror = Mirror(), lock: Lock = Lock()) -> Conventions:  # noqa: B008 - immutable values
    """The conventions of the layers, the farthest first."""
    shapes = {key.name: key.shape for key in keys_of(())}
    values: dict[str, Any] = {}
    for layer in layers:
        for name, value in layer.items():
            if name == OWN_RULES:
                continue
            if shapes[name] is Shape.TABLE:
                # What is nearer comes first.
                values[name] = {**value, **{word: item for word, item in values.get(name, {}).items() if word not in value}}
            elif shapes[name] is Shape.NEARER_TABLES:
                values[name] = tuple(dict.fromkeys((*value, *values.get(name, ()))))
            elif shapes[name] in (Shape.ADDED_LIST, Shape.TABLES):
                values[name] = tuple(dict.fromkeys((*values.get(name, ()), *value)))
            else:
                values[name] = value
    return Conventions(today=today, mirror=mirror, lock=lock, **values)


def _take(
    into: dict[Any, Any], name: Any, read: Callable[[Any], Any], value: Any, faults: list[Fault], place: Place, *keys: str | int
) -> None:
    try:
        into[name] = read(value)
    except FieldFault as fault:
        faults.append(Fault(fault.message, place(*keys), fault.hint))


def _table(key: Key, value: Any, faults: list[Fault], place: Place) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if not isinstance(value, Mapping):
        faults.append(Fault(f"{value!r} is not a table", place(key.name), f"write [{CONVENTIONS}.{key.name}]"))
        return found
    assert key.names is not None
    for name, item in value.items():
        words: dict[str, str] = {}
        _take(words, "word", key.names.read, name, faults, place, key.name, name)
        if words:
            _take(found, words["word"], key.type.read, item, faults, place, key.name, name)
    return found


def _tables(
    key: Key, allowed: Collection[str], tables: Sequence[Any], faults: list[Fault], place: Place
) -> Iterator[tuple[tuple[str, int], Mapping[str, Any], int]]:
    """Each table with its place, and the number of faults before it; what is no table, and keys that are not allowed, are faults."""
    for index, table in enumerate(tables):
        here, before = (key.name, index), len(faults)
        if not isinstance(table, Mapping):
            faults.append(Fault(f"{table!r} is not a table", place(*here), f"write [[{CONVENTIONS}.{key.name}]]"))
            continue
        for name in table:
            if name not in allowed:
                hint = did_you_mean(str(name), allowed)
                faults.append(Fault(f'unknown key "{name}"; allowed: {", ".join(allowed)}', place(*here, name), hint))
        yield here, table, before


def _suppressions(
    key: Key, tables: Sequence[Any], faults: list[Fault], place: Place, path: str, line: Callable[..., int]
) -> Iterable[Suppression]:
    for here, table, before in _tables(key, SUPPRESSION_KEYS, tables, faults, place):
        for name, example in (("rules", 'rules = ["base-unpinned"]'), ("reason", 'reason = "..."')):
            if not table.get(name):
                faults.append(Fault("a suppression needs " + ("a reason" if name == "reason" else "rules"), place(*here), f"add {example}"))
        values: dict[str, Any] = {}
        rules = table.get("rules", [])
        if not isinstance(rules, list):
            faults.append(Fault(f"{rules!r} is not a list", place(*here, "rules"), "write it in [ ]"))
            rules = []
        ids: dict[int, str] = {}
        for number, item in enumerate(rules):
            _take(ids, number, key.type.read, item, faults, place, *here, "rules", number)
        for name in ("reason", "path", "construct"):
            if name in table and table[name] != "":
                _take(values, name, types.TEXT.read, table[name], faults, place, *here, name)
        if "until" in table:
            _take(values, "until", _day, table["until"], faults, place, *here, "until")
        if len(faults) == before:
            number = line(*here)
            span = Span(Position(number, 1), Position(number, 1)) if number else None
            yield Suppression(rules=frozenset(ids.values()), location=Location(path=path, span=span), **values)


def _budgets(key: Key, tables: Sequence[Any], faults: list[Fault], place: Place) -> Iterable[Budget]:
    for here, table, before in _tables(key, BUDGET_KEYS, tables, faults, place):
        values: dict[str, Any] = {}
        for name in (name for name in table if name in BUDGET_KEYS):
            read = types.TEXT.read if name == "construct" else _percent if name == "max_growth_percent" else _bytes
            _take(values, name, read, table[name], faults, place, *here, name)
        if not values.keys() & set(LIMITS) and len(faults) == before:
            faults.append(Fault("a budget needs a limit", place(*here), "add max_bytes = 50_000_000"))
        if len(faults) == before:
            yield Budget(**values)


def _bytes(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        shown = f'"{value}"' if isinstance(value, str) else repr(value)
        raise FieldFault(f"{shown} is not a number of bytes; allowed: a whole number, 0 or more", types.without_unit(value))
    return value


def _percent(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise FieldFault(f"{value!r} is not a percentage; allowed: a number, 0 or more")
    return value


def _day(value: Any) -> datetime.date:
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    try:
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise FieldFault(f'"{value}" is not a day; allowed: YYYY-MM-DD', "for example 2027-01-31, without quotes") from None
