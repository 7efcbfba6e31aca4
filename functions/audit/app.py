"""Makes audit records of the shop's business events: who did what, without personal data."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

PERSONAL = frozenset({"address", "customer", "email", "iban", "name", "phone"})
"""Fields whose values an audit record never shows."""

MAX_DEPTH = 20


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Lambda's entry point: an event of Amazon EventBridge.

    Raises ValueError for an event without source, detail-type or detail.
    """
    record = record_of(event, os.environ.get("AUDIT_SALT", "shop"))
    print(json.dumps({"level": "info", "message": "audit record", **record}, separators=(",", ":"), sort_keys=True), flush=True)
    return record


def record_of(event: Mapping[str, Any], salt: str) -> dict[str, Any]:
    """The audit record of an event; equal events have equal fingerprints."""
    for field, kind in (("source", str), ("detail-type", str), ("detail", dict)):
        if not isinstance(event.get(field), kind):
            raise ValueError(f"the event's {field} is missing, or is not {'a table' if kind is dict else 'a text'}")
    record = {
        "source": event["source"],
        "action": event["detail-type"],
        "time": event.get("time"),
        "detail": masked(event["detail"], salt),
    }
    canonical = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return {**record, "fingerprint": hashlib.sha256(canonical.encode()).hexdigest()}


def masked(value: Any, salt: str, depth: int = 0) -> Any:
    """The value with a pseudonym in place of every personal field; the same person keeps the same one.

    Raises ValueError for a value that is nested deeper than 20 levels.
    """
    if depth > MAX_DEPTH:
        raise ValueError(f"the event's detail is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, Mapping):
        return {key: _pseudonym(item, salt) if key.lower() in PERSONAL else masked(item, salt, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item, salt, depth + 1) for item in value]
    return value


def _pseudonym(value: Any, salt: str) -> str:
    digest = hashlib.sha256(f"{salt}\0{json.dumps(value, sort_keys=True)}".encode()).hexdigest()
    return f"masked:{digest[:12]}"
