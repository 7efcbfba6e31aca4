"""The keys of ``[conventions]`` in a configuration file.

One table of keys serves reading, the JSON Schema and the reference page, so
that they cannot disagree about what is allowed.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.bases.catalogue import runtimes
from optimizer.errors import ConfigurationError, SpecError, did_you_mean
from optimizer.linting.finding import Severity
from optimizer.linting.rule import Rule, choose, ids_by_word
from optimizer.model import fields as types
from optimizer.model.architectures import ARCHITECTURES
from optimizer.model.fields import FieldFault, FieldType
from optimizer.model.reference import ImageReference

OWN_RULES = "rules"
"""The key that names rules of a company, which decides what others may name."""


class Shape(enum.Enum):
    """How values of a key are written, and how two of them become one."""

    VALUE = "value"
    LIST = "list"
    ADDED_LIST = "list, adds up"
    TABLE = "table, merged"
    TABLES = "list of tables, adds up"
    NEARER_TABLES = "list of tables, nearer ones first"


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


def _key(name: str, shape: Shape, type: FieldType, doc: str, default: str, *, names: FieldType | None = None) -> Key:
    """A row of the table."""
    return Key(name=name, shape=shape, type=type, doc=doc, default=default, names=names)


def keys_of(rules: Sequence[Rule]) -> tuple[Key, ...]:
    """Every key; ``rules`` are all that may be named."""
    word, named = _word(rules), _rule(rules)
    return (
        _key("fail_on", Shape.VALUE, _SEVERITY, "The lowest severity that fails a run.", '`"warning"`'),
        _key("select", Shape.LIST, word, "Rules to run: ids, starts of ids, names, families.", "every rule"),
        _key(
            OWN_RULES,
            Shape.ADDED_LIST,
            types.TEXT,
            "Rules of your company: names of entry points of installed packages; see [rules of your own](lint.md#rules-of-your-own).",
            "none",
        ),
        _key(
            "rules_up_to",
            Shape.VALUE,
            _RELEASE,
            "The release whose rules, and those of releases before it, are run; see [new rules](lint.md#new-rules).",
            "every rule",
        ),
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
            "Allowed prefixes of images, HOST[:PORT][/PATH]; those of `mirror` are allowed besides.",
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
        _key("budgets", Shape.NEARER_TABLES, _BYTES, "Limits for the layers of functions above the base; see below.", "none"),
        _key("suppressions", Shape.TABLES, named, "Findings to set aside; see below.", "none"),
    )


BUDGET_KEYS: Mapping[str, str] = {
    "construct": "Pattern of construct paths or logical names; without it, all.",
    "max_bytes": "How large the layers may be together, as a registry stores them; 0 for any size.",
    "max_unpacked_bytes": "How large they may be unpacked; 0 for any size.",
    "max_growth_bytes": "How many bytes more than in the last deployment they may have, as a registry stores them.",
    "max_growth_percent": "By how many percent they may have grown since the last deployment, as a registry stores them.",
}
"""The keys of a budget, and what they mean."""


SUPPRESSION_KEYS: Mapping[str, str] = {
    "rules": "Ids or names of the rules. Required.",
    "reason": "Why. Required.",
    "path": "Pattern of the files, from the directory of the nearest configuration file; without it, all.",
    "construct": "Pattern of construct paths or logical names; without it, all.",
    "until": "The last day on which it holds, as a date; without it, for ever.",
}
"""The keys of a suppression, and what they mean."""


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
    ids = ids_by_word(rules)

    def read(value: Any) -> str:
        text: str = types.TEXT.read(value)
        if text not in ids:
            raise FieldFault(f'no rule is called "{text}"; allowed: ids and names', did_you_mean(text, ids))
        return ids[text]

    # A schema knows no rules of a company, whose ids begin with other letters.
    return FieldType("rule", read, {"anyOf": [{"enum": sorted(ids)}, {"pattern": "^(?!LIO)[A-Z]{2,5}[0-9]{3}$"}]})


def _severity(off: bool) -> FieldType:
    words = types.choice(*(severity.value for severity in Severity), *(["off"] if off else []))

    def read(value: Any) -> Severity | None:
        word = words.read(value)
        return None if word == "off" else Severity(word)

    return FieldType(words.name, read, words.schema)


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
_RELEASE = _matching("a release", r"\d{1,4}\.\d{1,4}", "major and minor number, such as 0.2")
_ADDRESS = _matching("an address", r"https?://[^\s]+", "https://HOST/PATH")
