"""How an answer is compared with the expected one of ``invocations.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

INVOCATIONS = Path(__file__).parents[1] / "engine" / "invocations.json"


def differences(answer: Any, expected: Any, place: str = "answer") -> Iterator[str]:
    """Where the answer is not what was expected; nothing when it is.

    An object is expected to hold the given keys, and may hold more; everything
    else is expected to be equal.  An object that is expected in place of a
    text is compared with the text's JSON, as in the body of an HTTP answer.
    """
    if isinstance(expected, dict) and isinstance(answer, str):
        try:
            answer = json.loads(answer)
        except ValueError:
            yield f"{place} is no JSON: {answer!r}"
            return
    if isinstance(expected, dict) and isinstance(answer, dict):
        for key, value in expected.items():
            if key in answer:
                yield from differences(answer[key], value, f"{place}.{key}")
            else:
                yield f"{place}.{key} is missing"
    elif isinstance(expected, list) and isinstance(answer, list) and len(expected) == len(answer):
        for index, value in enumerate(expected):
            yield from differences(answer[index], value, f"{place}[{index}]")
    elif answer != expected:
        yield f"{place} is {answer!r}, expected {expected!r}"
