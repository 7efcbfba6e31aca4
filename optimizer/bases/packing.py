"""The table ``packing`` of ``optimizer.lock``, read and written."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from typing import Any

from optimizer.errors import did_you_mean
from optimizer.model.packing import ECOSYSTEMS, PYTHON, Groups, Packing
from optimizer.model.python_names import normal_name

_TOGETHER = "together"
_ALLOWED = ("decided", *ECOSYSTEMS, _TOGETHER)
_AGAIN = "run: optimizer plan --update"
# Names that need no escaping in TOML; those of npm may have a scope.
_NAME = re.compile(r"(?:@[A-Za-z0-9._~-]+/)?[A-Za-z0-9._~-]+")

Fault = Callable[[str, str, str], None]
"""Takes a message, the key that it is about, and the fix."""


def read_packing(table: object, fault: Fault) -> Packing:
    """The packing that the table holds; what is wrong with it is told to ``fault``, and left out."""
    if not isinstance(table, Mapping):
        fault('"packing" is not one table; allowed: one [packing] table', "packing", _AGAIN)
        return Packing()
    for key in table:
        if key not in _ALLOWED:
            fault(f'packing: unknown key "{key}"; allowed: {", ".join(_ALLOWED)}', key, did_you_mean(key, _ALLOWED) or "remove it")
    decided: Any = table.get("decided")
    if decided is not None and type(decided) is not datetime.date:
        fault(f'packing: decided "{decided}" is not a date; allowed: a TOML date such as 2026-11-23', "decided", _AGAIN)
        decided = None
    groups = {name: _groups(name, table[name], fault) for name in ECOSYSTEMS if name in table}
    together = _groups(_TOGETHER, table[_TOGETHER], fault) if _TOGETHER in table else ()
    return Packing(groups=groups, together=together, decided=decided)


def _groups(key: str, value: object, fault: Fault) -> Groups:
    if not isinstance(value, list) or not all(isinstance(group, list) for group in value):
        fault(f"packing: {key} is not a list of lists of package names", key, _AGAIN)
        return ()
    if key == PYTHON:
        value = [[normal_name(name) if isinstance(name, str) else name for name in group] for group in value]
    known: set[str] = set()
    for name in (name for group in value for name in group):
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            fault(f'packing: {key} has "{name}", which is no name of a package', key, _AGAIN)
        elif name in known and key != _TOGETHER:
            fault(f'packing: {key} has "{name}" in two places', key, "keep one of the two")
        else:
            known.add(name)
    return tuple(tuple(name for name in group if isinstance(name, str)) for group in value)


def render_packing(packing: Packing) -> str:
    """The text of the table; one line a layer, so that a review shows which one changed."""
    lines = ["[packing]"]
    if packing.decided is not None:
        lines.append(f"decided = {packing.decided.isoformat()}")
    tables = {**packing.groups, **({_TOGETHER: packing.together} if packing.together else {})}
    for name, groups in tables.items():
        lines.append(f"{name} = [")
        lines += [f"  [{', '.join(_quoted(name) for name in group)}]," for group in groups]
        lines.append("]")
    return "\n".join(lines) + "\n"


def _quoted(name: str) -> str:
    return f'"{name}"'
