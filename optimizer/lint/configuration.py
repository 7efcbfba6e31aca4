"""Conventions as a configuration file holds them: reading, merging, and their JSON Schema.

One table of keys serves all three and the reference page, so that they cannot
disagree about what is allowed.

Values are merged in this order, a later one winning: the defaults, the house's
file, the files that extend it down to the nearest, the command line.  Tables
are merged key by key.  What sets rules or findings aside adds up: ``ignore``
and ``suppressions``.  Every other value replaces the one before.
"""

from __future__ import annotations

import datetime
import enum
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.bases.catalogue import runtimes
from optimizer.bases.lock import Lock
from optimizer.bases.mirror import Mirror
from optimizer.dockerfile.instruction import Position, Span
from optimizer.errors import ConfigurationError, Fault, SpecError, did_you_mean
from optimizer.lint.conventions import TABLE, Conventions, Layer
from optimizer.lint.finding import Location, Severity
from optimizer.lint.rule import Rule, choose
from optimizer.lint.suppressions import Suppression
from optimizer.model import fields as types
from optimizer.model.architectures import ARCHITECTURES
from optimizer.model.fields import FieldFault, FieldType
from optimizer.model.reference import ImageReference


class Shape(enum.Enum):
    """How values of a key are written, and how two of them become one."""

    VALUE = "value"
    LIST = "list"
    ADDED_LIST = "list, adds up"
    TABLE = "table, merged"
    TABLES = "list of tables, adds up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key.

    ``type`` is that of its value, or of each item of it, and ``names`` that of
    the keys of a table; ``default`` is what no value means, in words.
    """

    name: str
    shape: Shape
    type: FieldType
    doc: str
    default: str
    names: FieldType | None = None


Place = Callable[..., str]
"""The place of a key, given as its names and indexes, in the words of its user, such as ``optimizer.toml:3: ignore[0]``."""


def _key(name: str, shape: Shape, type: FieldType, doc: str, default: str, *, names: FieldType | None = None) -> Key:
    """A row of the table."""
    return Key(name=name, shape=shape, type=type, doc=doc, default=default, names=names)


def keys_of(rules: Sequence[Rule]) -> tuple[Key, ...]:
    """Every key; ``rules`` are all that may be named."""
    word, named = _word(rules), _rule(rules)
    return (
        _key("fail_on", Shape.VALUE, _SEVERITY, "The slightest severity that fails a run.", '`"warning"`'),
        _key("select", Shape.LIST, word, "Rules to run: ids, starts of ids, names, families.", "every rule"),
        _key("ignore", Shape.ADDED_LIST, word, "Rules not to run.", "none"),
        _key(
            "severities",
            Shape.TABLE,
            _SEVERITY_OR_OFF,
            'A severity for a rule, by its id or name; `"off"` switches it off, and a nearer file may switch it on again.',
            "the rules' own",
            names=named,
        ),
        _key(
            "include",
            Shape.LIST,
            types.TEXT,
            "Patterns of the files to check, from the directory of the nearest configuration file.",
            "every file",
        ),
        _key(
            "exclude",
            Shape.LIST,
            types.TEXT,
            "Patterns of files that are not checked, even when they are named on the command line.",
            "none",
        ),
        _key(
            "registries",
            Shape.LIST,
            _PREFIX,
            "Prefixes under which images may stand, HOST[:PORT][/PATH]; those of `mirror` are allowed besides.",
            "every registry",
        ),
        _key("runtimes", Shape.LIST, _RUNTIME, "Runtimes that functions may use.", "every runtime"),
        _key("architectures", Shape.LIST, types.choice(*ARCHITECTURES), "Architectures that functions may have.", "both"),
        _key("repository", Shape.VALUE, _REPOSITORY, "Name of the asset repository that all functions share.", "any"),
        _key("oldest_pin_days", Shape.VALUE, _DAYS, "How many days ago a pin may have been resolved; 0 for any time.", "90"),
        _key(
            "max_image_bytes",
            Shape.VALUE,
            _BYTES,
            "How large the layers of an image may be, as a registry stores them; 0 for any size.",
            "no limit",
        ),
        _key(
            "stabilities",
            Shape.TABLE,
            types.STABILITY,
            "How often files change, by patterns of paths in the build context; the first that fits counts, a nearer file's before others.",
            "nothing is known",
            names=types.TEXT,
        ),
        _key(
            "rule_pages",
            Shape.VALUE,
            _ADDRESS,
            "Address under which the pages of rules are published; SARIF reports link to `<address>/<id>.md`.",
            "no links",
        ),
        _key("suppressions", Shape.TABLES, named, "Findings to set aside; see below.", "none"),
    )


SUPPRESSION_KEYS: Mapping[str, str] = {
    "rules": "Ids or names of the rules. Required.",
    "reason": "Why. Required.",
    "path": "Pattern of the files, from the directory of the nearest configuration file; without it, all.",
    "construct": "Pattern of construct paths or logical names; without it, all.",
    "until": "The last day on which it holds, as a date; without it, for ever.",
}
"""The keys of a suppression, and what they mean."""


def read_layer(data: Any, place: Place, path: str, line: Callable[..., int], rules: Sequence[Rule]) -> Layer:
    """The conventions that plain data holds.

    ``place`` and ``line`` tell where a key stands in the file at ``path``.
    Raises :class:`ConfigurationError` with a fault for each that is wrong.
    """
    if not isinstance(data, Mapping):
        raise ConfigurationError(f"{data!r} is not a table", place(), f"write [{TABLE}]")
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
            if shapes[name] is Shape.TABLE:
                # What is nearer comes first.
                values[name] = {**value, **{word: item for word, item in values.get(name, {}).items() if word not in value}}
            elif shapes[name] in (Shape.ADDED_LIST, Shape.TABLES):
                values[name] = tuple(dict.fromkeys((*values.get(name, ()), *value)))
            else:
                values[name] = value
    return Conventions(today=today, mirror=mirror, lock=lock, **values)


def conventions_schema(rules: Sequence[Rule]) -> dict[str, Any]:
    """JSON Schema, draft 2020-12, of ``optimizer.toml``; settings of the project are described in their own place."""
    properties: dict[str, Any] = {}
    for key in keys_of(rules):
        schema: dict[str, Any] = dict(key.type.schema)
        if key.shape in (Shape.LIST, Shape.ADDED_LIST):
            schema = {"type": "array", "items": schema}
        elif key.shape is Shape.TABLE:
            assert key.names is not None
            schema = {"type": "object", "propertyNames": dict(key.names.schema), "additionalProperties": schema}
        elif key.shape is Shape.TABLES:
            schema = {"type": "array", "items": _suppression_schema(schema)}
        properties[key.name] = {"description": key.doc, **schema}
    text = {"type": "string", "minLength": 1}
    top = {
        "extends": {"description": 'A file that this one stands on: a path inside the project, or "package:file".', **text},
        "root": {"description": "The directory that the paths of specifications start from.", **text},
        "lock": {"description": "The lock file.", **text},
        "baseline": {"description": "The file of the findings that are known to optimizer lint.", **text},
        "mirror": {
            "description": "Where images are pulled from: one prefix, or one for each registry.",
            "oneOf": [text, {"type": "object", "additionalProperties": text}],
        },
        "cache": {"description": "Where builds are cached.", "type": "object"},
        TABLE: {"description": "What the house asks of images.", "type": "object", "properties": properties, "additionalProperties": False},
        "$schema": {"type": "string"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of the Lambda image optimizer",
        "type": "object",
        "properties": top,
        "additionalProperties": False,
    }


def _suppression_schema(rule: Mapping[str, Any]) -> dict[str, Any]:
    text = {"type": "string", "minLength": 1}
    schemas: Mapping[str, Any] = {
        "rules": {"type": "array", "minItems": 1, "items": rule},
        "until": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    }
    return {
        "type": "object",
        "properties": {name: {"description": doc, **schemas.get(name, text)} for name, doc in SUPPRESSION_KEYS.items()},
        "required": ["rules", "reason"],
        "additionalProperties": False,
    }


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
        faults.append(Fault(f"{value!r} is not a table", place(key.name), f"write [{TABLE}.{key.name}]"))
        return found
    assert key.names is not None
    for name, item in value.items():
        words: dict[str, str] = {}
        _take(words, "word", key.names.read, name, faults, place, key.name, name)
        if words:
            _take(found, words["word"], key.type.read, item, faults, place, key.name, name)
    return found


def _suppressions(
    key: Key, tables: Sequence[Any], faults: list[Fault], place: Place, path: str, line: Callable[..., int]
) -> Iterable[Suppression]:
    for index, table in enumerate(tables):
        here = (key.name, index)
        if not isinstance(table, Mapping):
            faults.append(Fault(f"{table!r} is not a table", place(*here), f"write [[{TABLE}.{key.name}]]"))
            continue
        before = len(faults)
        for name in table:
            if name not in SUPPRESSION_KEYS:
                allowed = ", ".join(SUPPRESSION_KEYS)
                faults.append(
                    Fault(f'unknown key "{name}"; allowed: {allowed}', place(*here, name), did_you_mean(str(name), SUPPRESSION_KEYS))
                )
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


def _word(rules: Sequence[Rule]) -> FieldType:
    def read(value: Any) -> str:
        text: str = types.TEXT.read(value)
        try:
            choose(rules, [text])
        except ConfigurationError as error:
            raise FieldFault(error.faults[0].message, error.faults[0].hint) from None
        return text

    return FieldType("rule", read, {"type": "string", "minLength": 1})


def _rule(rules: Sequence[Rule]) -> FieldType:
    ids = {word: rule.id for rule in rules for word in (rule.id, rule.name)}

    def read(value: Any) -> str:
        text: str = types.TEXT.read(value)
        if text not in ids:
            raise FieldFault(f'no rule is called "{text}"; allowed: ids and names', did_you_mean(text, ids))
        return ids[text]

    return FieldType("rule", read, {"enum": sorted(ids)})


def _severity(off: bool) -> FieldType:
    words = types.choice(*(severity.value for severity in Severity), *(["off"] if off else []))

    def read(value: Any) -> Severity | None:
        word = words.read(value)
        return None if word == "off" else Severity(word)

    return FieldType(words.name, read, words.schema)


def _day(value: Any) -> datetime.date:
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    try:
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise FieldFault(f'"{value}" is not a day; allowed: YYYY-MM-DD', "for example 2027-01-31, without quotes") from None


def _limit(unit: str) -> FieldType:
    def read(value: Any) -> int | None:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise FieldFault(f"{value!r} is not a number of {unit}; allowed: 0 or more")
        return value or None

    return FieldType(f"number of {unit}", read, {"type": "integer", "minimum": 0})


def _prefix(value: Any) -> str:
    text: str = types.TEXT.read(value)
    try:
        good = ImageReference.parse(f"{text}/image").name == f"{text}/image"
    except SpecError:
        good = False
    if not good:
        raise FieldFault(
            f'"{text}" is not a registry; allowed: HOST[:PORT][/PATH]',
            'leave out "https://" and the last slash, as in "public.ecr.aws/lambda"',
        )
    return text


def _runtime(value: Any) -> str:
    known = runtimes()
    if value not in known:
        raise FieldFault(f'unknown runtime "{value}"; allowed: {", ".join(known)}', did_you_mean(str(value), known))
    return str(value)


def _matching(name: str, pattern: str, allowed: str) -> FieldType:
    def read(value: Any) -> str:
        text: str = types.TEXT.read(value)
        if not re.fullmatch(pattern, text):
            raise FieldFault(f'"{text}" is not {name}; allowed: {allowed}')
        return text

    return FieldType(name, read, {"type": "string", "pattern": f"^{pattern}$"})


_SEVERITY = _severity(off=False)
_SEVERITY_OR_OFF = _severity(off=True)
_DAYS = _limit("days")
_BYTES = _limit("bytes")
_PREFIX = FieldType("registry", _prefix, {"type": "string", "minLength": 1})
_RUNTIME = FieldType("runtime", _runtime, {"enum": list(runtimes())})
_REPOSITORY = _matching(
    "the name of a repository", r"[a-z0-9]+([._-][a-z0-9]+)*", "lower-case letters and digits, separated by one of . _ -, without a slash"
)
_ADDRESS = _matching("an address", r"https?://[^\s]+", "https://HOST/PATH")
