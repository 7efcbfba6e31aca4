"""An audit as plain data; the keys are documented in docs/audit.md."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from optimizer.audit.audit import Audit, AuditedFunction, AuditedVersion
from optimizer.audit.bases import FoundBase
from optimizer.audit.inventory import FunctionVersion
from optimizer.linting.report import LintReport
from optimizer.model.ecr import EcrRegistry
from optimizer.report.lint import lint_to_dict
from optimizer.report.rows import json_of_rows

VERSION = 1


def audit_as_json(audit: Audit, report: LintReport) -> str:
    """For programs; each row of a list on a line of its own, so that files can be compared."""
    return json_of_rows(audit_to_dict(audit, report))


def audit_to_dict(audit: Audit, report: LintReport) -> dict[str, Any]:
    """Everything that was found out; sizes in bytes, costs in dollars a month, times in UTC."""
    lint = lint_to_dict(report)
    return {
        "version": VERSION,
        "time": _time(audit.now),
        "partial": audit.partial,
        "gaps": [
            {**_place(gap.place), "what": gap.what, "action": gap.action, "kind": gap.kind, "reason": gap.reason}
            for gap in audit.inventory.gaps
        ],
        "places": [*_places(audit)],
        "functions": [function_row(function) for function in audit.functions],
        "versions": [version_row(item) for function in audit.functions for item in function.versions],
        "repositories": [*repository_rows(audit)],
        "overlaps": [
            {**_place(item.place), "first": pair.first, "second": pair.second, "bytes": pair.size}
            for item in audit.storage
            for pair in item.overlaps
        ],
        "unused": [*unused_rows(audit)],
        "endangered": [
            {
                **_place(item.repository.place),
                "repository": item.repository.name,
                "digest": item.image.digest,
                "rule": item.taken.rule,
                "action": item.taken.action,
                "due": _time(item.taken.due) if item.taken.due else None,
                "now": item.taken.is_due(audit.now),
                "versions": [*map(_version, item.users)],
            }
            for item in audit.endangered
        ],
        "vulnerable": [
            {"digest": item.digest, "kind": item.kind, "versions": [*map(_version, item.versions)]} for item in audit.vulnerable
        ],
        "ages": [
            {"since_days": group.since, "until_days": group.until, "used": group.used, "unused": group.unused} for group in audit.ages
        ],
        "findings": lint["findings"],
        "inconclusive": lint["inconclusive"],
        "prices": audit.prices.data,
    }


def function_row(function: AuditedFunction) -> dict[str, Any]:
    """A function by its $LATEST, with what its versions keep."""
    return {
        **version_row(function.latest),
        "published_versions": function.published,
        "snapshots": function.snapshots,
        "snapshot_cost": round(function.snapshot_cost, 2),
    }


def version_row(item: AuditedVersion) -> dict[str, Any]:
    """One version with its image and its base."""
    version, base = item.version, item.base
    runtime = runtime_of(base)
    return {
        **_place(version.place),
        "function": version.function,
        "version": version.version,
        "aliases": [*version.aliases],
        "owner": version.owner or None,
        "repository": item.key[1] if item.key else None,
        "digest": item.key[2] if item.key else None,
        "image": version.image or None,
        "image_state": item.state,
        "bytes": item.size,
        "pushed": _time(item.pushed) if item.pushed else None,
        "architecture": version.architecture,
        "memory_mb": version.memory,
        "snapstart": version.snapstart,
        "snapshot_cost": round(item.snapshot_cost, 2),
        "modified": version.modified or None,
        "state": version.state or None,
        "state_reason": version.reason or None,
        "base": str(base.reference.with_digest(None)) if base and base.reference else None,
        "base_digest": base.digest if base else None,
        "base_sign": base.sign if base else None,
        "base_date": base.date.isoformat() if base and base.date else None,
        "base_current": base.current if base else None,
        "runtime": runtime[0] or None,
        "runtime_deprecated_on": runtime[1].isoformat() if runtime[1] else None,
    }


def runtime_of(base: FoundBase | None) -> tuple[str, datetime.date | None]:
    """The runtime of a base and the day of its deprecation; empty and None where they are unknown, or AWS named no day."""
    provided = base.provided if base else None
    found = (provided.base or provided.retired) if provided else None
    return (found.runtime, found.deprecated_on) if found else ("", None)


def repository_rows(audit: Audit) -> Iterator[dict[str, Any]]:
    """A row for each repository, with its bytes."""
    owners = {(item.place, item.name): item for item in audit.inventory.repositories}
    for place in audit.storage:
        for name, held in place.repositories.items():
            repository = owners[place.place, name]
            yield {
                **_place(place.place),
                "repository": name,
                "owner": repository.owner or None,
                "complete": repository.complete,
                "images": held.images,
                "images_unread": held.unread,
                "stored_bytes": held.stored,
                "whole_bytes": held.whole,
                "unique_bytes": held.unique,
                "shared_bytes": held.shared,
                "elsewhere_bytes": held.elsewhere,
                "unused_images": held.unused,
                "unused_bytes": held.unused_bytes,
                "archived_images": held.archived,
                "archived_bytes": held.archived_bytes,
                "cost": round(audit.prices.storage(held.stored), 2),
            }


def unused_rows(audit: Audit) -> Iterator[dict[str, Any]]:
    """A row for each image that no version runs."""
    for item in audit.unused:
        yield {
            **_place(item.repository.place),
            "repository": item.repository.name,
            "digest": item.image.digest,
            "tags": [*item.image.tags],
            "bytes": item.image.bytes(audit.inventory.blobs),
            "pushed": _time(item.image.pushed),
            "pulled": _time(item.image.pulled) if item.image.pulled else None,
            "archived": item.image.archived,
            "doubt": item.doubt or None,
        }


def _places(audit: Audit) -> Iterator[dict[str, Any]]:
    for read, held in zip(audit.inventory.places, audit.storage, strict=True):
        together = held.together
        yield {
            **_place(read.place),
            "repositories": len(read.repositories),
            "image_functions": len({version.function for version in read.versions}),
            "zip_functions": read.zip_functions,
            "blob_mounting": read.blob_mounting,
            "stored_bytes": together.stored,
            "one_repository_bytes": together.one,
            "one_repository_used_bytes": together.used_one,
            "duplicated_bytes": together.duplicated,
            "cost": round(audit.prices.storage(together.stored), 2),
            "one_repository_cost": round(audit.prices.storage(together.one), 2),
            "vanished": dict(read.vanished),
        }


def _version(version: FunctionVersion) -> dict[str, Any]:
    return {**_place(version.place), "function": version.function, "version": version.version, "aliases": [*version.aliases]}


def _place(place: EcrRegistry) -> dict[str, str]:
    return {"account": place.account, "region": place.region}


def _time(time: datetime.datetime) -> str:
    return time.astimezone(datetime.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
