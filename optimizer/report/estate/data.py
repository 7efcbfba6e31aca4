"""The report of an estate as plain data; the keys are documented in docs/report.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from optimizer.errors import ContextError
from optimizer.estate.estate import Estate, EstateFunction, EstateRepository, Exemption, Group
from optimizer.linting.finding import Severity
from optimizer.report.rows import json_of_rows

VERSION = 1
_COUNTS = {"errors": Severity.ERROR, "warnings": Severity.WARNING, "info": Severity.INFO}


def estate_as_json(estate: Estate) -> str:
    """For programs; each row of a list on a line of its own, so that files can be compared."""
    return json_of_rows(estate_to_dict(estate))


def estate_to_dict(estate: Estate) -> dict[str, Any]:
    """Everything that was found; sizes in bytes, days as ISO 8601."""
    return {
        "version": VERSION,
        "day": estate.day.isoformat(),
        "partial": estate.partial,
        "findings": {severity.value: estate.count(severity) for severity in Severity},
        "repositories": [_repository(repository) for repository in estate.repositories],
        "functions": [function_row(function) for function in estate.functions],
        "owners": [_group(group) for group in estate.owners()],
        "runtimes": [_group(group) for group in estate.runtimes()],
        "rules": [{"rule": rule, "findings": count, "repositories": where} for rule, count, where in estate.rules()],
        "exemptions": [_exemption(item) for item in estate.exemptions()],
    }


def function_row(function: EstateFunction) -> dict[str, Any]:
    """A function as one flat row."""
    return {
        "repository": function.repository,
        "path": function.path,
        "name": function.name,
        "kind": function.kind,
        "owners": list(function.owners),
        "runtime": function.runtime or None,
        "runtime_ends": function.runtime_ends.isoformat() if function.runtime_ends else None,
        "architecture": function.architecture,
        "base": function.base or None,
        "base_digest": function.base_digest or None,
        "base_pinned": function.base_pinned.isoformat() if function.base_pinned else None,
        "bytes": function.size_bytes,
        "bytes_whole": function.size_is_whole,
        "budget_bytes": function.budget.max_bytes,
        "over_budget": list(function.over_budget),
        **_counts(function.findings),
        "known": function.known,
        "exempted": function.exempted,
    }


def sizes_before(text: str, path: str) -> dict[tuple[str, str, str], int]:
    """The sizes in bytes that an earlier report has, by repository, path and name of each function.

    Raises :class:`ContextError` for a text that is no such report.
    """
    try:
        data = json.loads(text)
        if data["version"] != VERSION:
            raise ContextError(
                f"the report has the version {data['version']!r}; allowed: {VERSION}",
                path,
                "write it again: optimizer report --format json",
            )
        rows = data["functions"]
        return {(row["repository"], row["path"], row["name"]): int(row["bytes"]) for row in rows if row["bytes"] is not None}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ContextError("this is no report of optimizer report", path, "name a file that --format json wrote") from None


def _repository(repository: EstateRepository) -> dict[str, Any]:
    return {
        "name": repository.name,
        "functions": len(repository.functions),
        "specifications": sum(function.kind == "specification" for function in repository.functions),
        **_counts(repository.findings),
        "failing": repository.failing,
        "inconclusive": repository.inconclusive,
        "known": repository.known,
        "exempted": sum(item.findings for item in repository.exemptions),
        "rules": dict(repository.rules),
        "faults": list(repository.faults),
        "notes": list(repository.notes),
    }


def _counts(findings: Mapping[Severity, int]) -> dict[str, int]:
    return {key: findings.get(severity, 0) for key, severity in _COUNTS.items()}


def _group(group: Group) -> dict[str, Any]:
    return {
        "name": group.name,
        "functions": group.functions,
        "specifications": group.specifications,
        **_counts(group.findings),
        "bytes": group.size_bytes,
    }


def _exemption(item: Exemption) -> dict[str, Any]:
    return {
        "repository": item.repository,
        "rules": list(item.rules),
        "place": item.place,
        "reason": item.reason,
        "until": item.until.isoformat() if item.until else None,
        "findings": item.findings,
    }
