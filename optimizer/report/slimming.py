"""What a build left out on request, and the bytes that this saves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.report.table import table


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """What one word left out of one package of a stage: how many files, and their bytes before compression.

    ``package`` is its name and version.
    """

    stage: str
    word: str
    package: str
    files: int
    size_bytes: int


def slimming_to_dict(rows: Sequence[LeftOut]) -> dict[str, Any]:
    """Everything that was left out, as plain data."""
    return {
        "saved_bytes": sum(row.size_bytes for row in rows),
        "left_out": [
            {"stage": row.stage, "word": row.word, "package": row.package, "files": row.files, "bytes": row.size_bytes} for row in rows
        ],
    }


def slimming_as_text(rows: Sequence[LeftOut]) -> str:
    """A table of what was left out, the most bytes first within each stage and word, and the sum."""
    if not rows:
        return "nothing was left out"
    ordered = sorted(rows, key=lambda row: (row.stage, row.word, -row.size_bytes, row.package))
    cells = [(row.stage, row.word, str(row.files), f"{row.size_bytes:,}", row.package) for row in ordered]
    total = sum(row.size_bytes for row in rows)
    return "\n".join(["left out:", table(("stage", "what", "files", "bytes", "package"), cells, "  "), f"  saved: {total:,} bytes"])
