"""What Lambda says of the runtimes of an app, as text and as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from optimizer.model.runtime_check import CheckedVersion
from optimizer.report.table import table

_SHORT = 16


def runtimes_as_text(checked: Sequence[CheckedVersion]) -> str:
    """A line for each version, and the reason for each that is not taken."""
    rows = [[each.runtime, each.version[:_SHORT], each.answer.state, _seen(each)] for each in checked]
    lines = [table(["runtime", "version", "state", "architectures"], rows)]
    lines += [f"{each.name}: {each.answer.reason}" for each in checked if each.answer.reason]
    return "\n".join(lines)


def runtimes_to_dict(checked: Sequence[CheckedVersion]) -> dict[str, Any]:
    """The same as data for JSON."""
    return {"versions": [{**asdict(each), "answer": {**asdict(each.answer)}} for each in checked]}


def _seen(each: CheckedVersion) -> str:
    architectures = ", ".join(each.answer.architectures)
    instances = f"; Managed Instances: {each.answer.managed_instances}" if each.answer.managed_instances else ""
    return f"{architectures}{instances}" or "-"
