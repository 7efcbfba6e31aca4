"""The table ``evidence`` of ``optimizer.lock``, read and written."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from optimizer.errors import did_you_mean
from optimizer.model.evidence import Evidence, PackageEvidence, StepEvidence, Together
from optimizer.model.packing import ECOSYSTEMS
from optimizer.model.stability import Stability

_ALLOWED = ("date", "commit", "deployments", "weight", "orders", "together", "steps", *ECOSYSTEMS)
_STEP = ("changes", "stability", "size", "seconds")
_PACKAGE = ("changes", "size")
_TOGETHER = ("steps", "share")
_STABILITIES = {member.value: member for member in Stability}
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}|")
_AGAIN = "run: optimizer plan --update"

Fault = Callable[[str, str, str], None]
"""Takes a message, the key that it is about, and the fix."""


def read_evidence(table: object, fault: Fault) -> Evidence:
    """The evidence that the table holds; what is wrong with it is told to ``fault``, and left out."""
    return _Reader(fault).evidence(table)


class _Reader:
    def __init__(self, fault: Fault) -> None:
        self._tell = fault

    def evidence(self, table: object) -> Evidence:
        if not isinstance(table, Mapping):
            self._tell('"evidence" is not one table; allowed: one block of [evidence] tables', "evidence", _AGAIN)
            return Evidence()
        self._known(table, _ALLOWED, "")
        date: Any = table.get("date")
        if type(date) is not datetime.date:
            what = f'date "{date}"' if "date" in table else "date (missing)"
            self._fault(f"{what} is not a date; allowed: a TOML date such as 2026-11-23", "date")
            date = None
        commit: Any = table.get("commit", "")
        if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
            self._fault(f'commit "{commit}" is not a commit; allowed: 40 or 64 lower-case hex digits', "commit")
            commit = ""
        deployments: Any = table.get("deployments", 0)
        if type(deployments) is not int or deployments < 0:
            self._fault(f'deployments "{deployments}" is not a number of deployments', "deployments")
            deployments = 0
        return Evidence(
            date=date,
            commit=commit,
            deployments=deployments,
            weight=self._number(table.get("weight", 0.0), "weight", "weight") or 0.0,
            steps={name: self._step(name, value) for name, value in self._table(table, "steps").items()},
            packages={
                ecosystem: {name: self._package(ecosystem, name, value) for name, value in self._table(table, ecosystem).items()}
                for ecosystem in ECOSYSTEMS
            },
            together=tuple(item for value in self._list(table, "together") if (item := self._together(value)) is not None),
            orders=tuple(self._orders(self._list(table, "orders"))),
        )

    def _step(self, name: str, value: object) -> StepEvidence:
        if not isinstance(value, Mapping):
            self._fault(f'steps: "{name}" is not a table; allowed: {{ {", ".join(_STEP)} }}', name)
            return StepEvidence()
        self._known(value, _STEP, f'steps: "{name}" has the ')
        stability = value.get("stability")
        if stability is not None and (not isinstance(stability, str) or stability not in _STABILITIES):
            self._fault(f'steps: "{name}": stability "{stability}" is unknown; allowed: {", ".join(_STABILITIES)}', name)
            stability = None
        return StepEvidence(
            changes=self._probability(value.get("changes"), f'steps: "{name}": changes', name),
            stability=_STABILITIES[stability] if isinstance(stability, str) else None,
            size_bytes=self._size(value, f'steps: "{name}"', name),
            seconds=self._number(value.get("seconds"), f'steps: "{name}": seconds', name),
        )

    def _package(self, ecosystem: str, name: str, value: object) -> PackageEvidence:
        if not isinstance(value, Mapping):
            self._fault(f'{ecosystem}: "{name}" is not a table; allowed: {{ {", ".join(_PACKAGE)} }}', name)
            return PackageEvidence()
        self._known(value, _PACKAGE, f'{ecosystem}: "{name}" has the ')
        changes = self._probability(value.get("changes"), f'{ecosystem}: "{name}": changes', name)
        return PackageEvidence(changes=changes, size_bytes=self._size(value, f'{ecosystem}: "{name}"', name))

    def _size(self, table: Mapping[str, Any], what: str, key: str) -> int | None:
        size = table.get("size")
        if size is None or (type(size) is int and size >= 0):
            return size
        self._fault(f'{what}: size "{size}" is not a number of bytes', key)
        return None

    def _together(self, value: object) -> Together | None:
        if not isinstance(value, Mapping) or {*value} != {*_TOGETHER} or not (steps := _texts(value["steps"])):
            self._fault("together is not a list of { steps, share }", "together")
            return None
        share = self._probability(value["share"], "together: share", "together")
        return Together(steps, share) if share is not None else None

    def _orders(self, values: list[Any]) -> list[tuple[str, ...]]:
        orders = [_texts(value) for value in values]
        if not all(order and len({*order}) == len(order) for order in orders):
            self._fault("orders is not a list of lists of steps, each step once", "orders")
        sets = [frozenset(order) for order in orders]
        if len({*sets}) < len(sets):
            self._fault("orders has the same steps in two orders", "orders", "keep one of the two")
        return [order for order in orders if order]

    def _probability(self, value: object, what: str, key: str) -> float | None:
        number = self._number(value, what, key)
        if number is not None and number > 1:
            self._fault(f'{what} "{value}" is not a probability; allowed: 0.0 to 1.0', key)
            return None
        return number

    def _number(self, value: object, what: str, key: str) -> float | None:
        if value is None:
            return None
        # Neither infinity nor "not a number" passes the comparison.
        if type(value) in (int, float) and 0 <= float(value) < 1e15:  # type: ignore[arg-type]
            return float(value)  # type: ignore[arg-type]
        self._fault(f'{what} "{value}" is not a number from 0', key)
        return None

    def _table(self, table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        value = table.get(key, {})
        if isinstance(value, Mapping):
            return value
        self._fault(f"{key} is not a table; allowed: [evidence.{key}]", key)
        return {}

    def _list(self, table: Mapping[str, Any], key: str) -> list[Any]:
        value = table.get(key, [])
        if isinstance(value, list):
            return value
        self._fault(f"{key} is not a list", key)
        return []

    def _known(self, table: Mapping[str, Any], allowed: tuple[str, ...], before: str) -> None:
        for key in table:
            if key not in allowed:
                hint = did_you_mean(key, allowed) or "remove it"
                self._fault(f'{before}unknown key "{key}"; allowed: {", ".join(allowed)}', key, hint)

    def _fault(self, message: str, key: str, hint: str = _AGAIN) -> None:
        self._tell(f"evidence: {message}", key, hint)


def _texts(value: object) -> tuple[str, ...]:
    """The texts of a list; none for anything else."""
    return tuple(value) if isinstance(value, list) and all(isinstance(item, str) for item in value) else ()


def render_evidence(evidence: Evidence) -> str:
    """The text of the table; one line a step or a package, so that a review shows which one changed."""
    assert evidence.date is not None
    lines = ["[evidence]", f"date = {evidence.date.isoformat()}"]
    if evidence.commit:
        lines += [f'commit = "{evidence.commit}"', f"deployments = {evidence.deployments}", f"weight = {_text(evidence.weight)}"]
    if evidence.orders:
        lines += ["orders = [", *(f"  [{_names(order)}]," for order in evidence.orders), "]"]
    if evidence.together:
        rows = (f"  {{ share = {_text(item.share)}, steps = [{_names(item.steps)}] }}," for item in evidence.together)
        lines += ["together = [", *rows, "]"]
    if evidence.steps:
        lines += ["", "[evidence.steps]", *(f"{_quoted(name)} = {_known_text(step)}" for name, step in evidence.steps.items())]
    for ecosystem, packages in evidence.packages.items():
        lines += ["", f"[evidence.{ecosystem}]", *(f"{_quoted(name)} = {_known_text(package)}" for name, package in packages.items())]
    return "\n".join(lines) + "\n"


def _known_text(known: StepEvidence | PackageEvidence) -> str:
    values = []
    if known.changes is not None:
        values.append(f"changes = {_text(known.changes)}")
    if isinstance(known, StepEvidence) and known.stability is not None:
        values.append(f'stability = "{known.stability.value}"')
    if known.size_bytes is not None:
        values.append(f"size = {known.size_bytes}")
    if isinstance(known, StepEvidence) and known.seconds is not None:
        values.append(f"seconds = {_text(known.seconds)}")
    return f"{{ {', '.join(values)} }}" if values else "{}"


def _text(number: float) -> str:
    """The shortest text that is read as the same number, with a point or an exponent, as TOML wants it."""
    return repr(float(number))


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(map(_quoted, names))


def _quoted(name: str) -> str:
    # The escapes of JSON are among those of TOML, but for this character, which JSON leaves as it is, and lone surrogates, which no lock holds.
    return json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")
