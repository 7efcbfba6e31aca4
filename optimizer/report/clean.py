"""What can be deleted, and what became of it, for a terminal and as JSON."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from optimizer.audit.cleaning import CleaningPlan
from optimizer.model.text import printable
from optimizer.report.sizes import size_text
from optimizer.report.table import table

_WIDTH = 80
_MOST = 20
_NAME = 30


def cleaning_as_text(plan: CleaningPlan, outcomes: Sequence[dict[str, Any]] | None) -> str:
    """The sum, the images that may go, the largest first, and how many are kept for which reason."""
    return "\n\n".join(_blocks(plan, outcomes)) + "\n"


def cleaning_as_json(plan: CleaningPlan, outcomes: Sequence[dict[str, Any]] | None) -> str:
    """Everything, each image once; ``outcomes`` is null where nothing was to be deleted."""
    document = {
        "version": 1,
        "freed_bytes": plan.freed,
        "candidates": [
            {
                "account": item.place.account,
                "region": item.place.region,
                "repository": item.repository,
                "digest": item.image.digest,
                "tags": list(item.image.tags),
                "bytes": item.size,
                "pushed": item.image.pushed.isoformat(),
                "pulled": item.image.pulled.isoformat() if item.image.pulled else None,
                "reason": item.reason,
            }
            for item in plan.candidates
        ],
        "kept": [
            {
                "account": item.place.account,
                "region": item.place.region,
                "repository": item.repository,
                "digest": item.digest,
                "reason": item.reason,
            }
            for item in plan.kept
        ],
        "gaps": [
            {"account": gap.place.account, "region": gap.place.region, "action": gap.action, "kind": gap.kind, "reason": gap.reason}
            for gap in plan.gaps
        ],
        "outcomes": None if outcomes is None else list(outcomes),
    }
    return json.dumps(document, indent=2) + "\n"


def _blocks(plan: CleaningPlan, outcomes: Sequence[dict[str, Any]] | None) -> Iterator[str]:
    count = len(plan.candidates)
    may = "may be" if outcomes is None else "were to be"
    yield _filled(f"{count} image{'' if count == 1 else 's'} {may} deleted, {size_text(plan.freed)} of layers; {len(plan.kept)} kept")
    if plan.candidates:
        ordered = sorted(plan.candidates, key=lambda item: (-item.size, item.repository, item.image.digest))
        rows = [
            [_short(item.repository), item.image.digest[7:19], size_text(item.size), f"{item.days} d", str(len(item.image.tags))]
            for item in ordered[:_MOST]
        ]
        more = f"\n  and {count - _MOST} more; --format json has all" if count > _MOST else ""
        yield table(("repository", "digest", "size", "age", "tags"), rows, "  ") + more
    reasons = Counter(item.reason for item in plan.kept)
    if reasons:
        yield "Kept\n" + _counted(reasons)
    if outcomes is not None:
        states = Counter(f"{item['state']}: {item['reason']}" if item["reason"] else item["state"] for item in outcomes)
        yield "Done\n" + (_counted(states) or "  nothing")


def _counted(reasons: Counter[str]) -> str:
    width = len(str(max(reasons.values(), default=0)))
    return "\n".join(_filled(printable(text), f"  {number:>{width}}  ", " " * (width + 4)) for text, number in reasons.most_common(_MOST))


def _filled(text: str, first: str = "", rest: str = "") -> str:
    return textwrap.fill(text, _WIDTH, initial_indent=first, subsequent_indent=rest)


def _short(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - 3]}..."
