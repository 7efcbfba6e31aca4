"""Structured logs: one JSON object per line, as CloudWatch Logs Insights reads them."""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def log(level: str, message: str, **fields: Any) -> None:
    """Write one line; a value that JSON does not know is written as text."""
    entry = {"timestamp": round(time.time(), 3), "level": level, "message": message, **fields}
    print(json.dumps(entry, default=str, separators=(",", ":")), file=sys.stdout, flush=True)
