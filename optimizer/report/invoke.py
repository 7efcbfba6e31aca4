"""What came of an event that a function got on this machine, as text and as data."""

from __future__ import annotations

import json
from typing import Any

from optimizer.model.invocation import Invocation, RunSettings
from optimizer.report.sizes import size_text


def invocation_as_text(name: str, settings: RunSettings, invocation: Invocation, image_bytes: int | None) -> str:
    """The report that stands beside the answer: times, size, and what was not as at Lambda."""
    handler = " ".join(settings.command)
    facts = [*([handler] if handler else []), settings.architecture, f"{settings.memory_mb} MB", f"timeout {settings.timeout_s} s"]
    lines = [f"note: only a deployment knows {item}" for item in settings.unknown]
    lines += [f"note: {remark}" for remark in invocation.remarks]
    lines += [f"{name}  ({', '.join(facts)})"]
    lines += [f"  image     {size_text(image_bytes)}"] if image_bytes is not None else []
    lines += [f"  init      {_milliseconds(invocation.init_s)}", f"  duration  {_milliseconds(invocation.duration_s)}"]
    lines += [f"  failed    {invocation.failure}"] if invocation.failure else []
    return "\n".join(lines)


def invocation_to_dict(name: str, settings: RunSettings, invocation: Invocation, image_bytes: int | None) -> dict[str, Any]:
    """Everything as data for JSON: times in milliseconds, sizes in bytes; an answer that is no JSON is text."""
    return {
        "function": name,
        "handler": " ".join(settings.command),
        "architecture": settings.architecture,
        "memory_mb": settings.memory_mb,
        "timeout_s": settings.timeout_s,
        "answer": _parsed(invocation.answer),
        "failure": invocation.failure or None,
        "init_ms": _rounded(invocation.init_s),
        "duration_ms": _rounded(invocation.duration_s),
        "image_bytes": image_bytes,
        "log": invocation.log,
        "unknown": list(settings.unknown),
        "remarks": list(invocation.remarks),
    }


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.0f} ms"


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def _parsed(answer: bytes) -> Any:
    text = answer.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text
