"""Scalars without quotes, as SAM CLI 1.170.0 passes them on."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.sam.scalars import kind, plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((text, None) for text in ("", "~", "null", "NULL")),
        *((text, True) for text in ("true", "True", "yes", "on")),
        *((text, False) for text in ("false", "No", "off")),
        ("3", 3),
        ("010", 8),
        ("0x1F", 31),
        ("1_000", 1000),
        ("1:30", 90),
        ("1.10", 1.1),
        # Texts: dates, words with special meaning in YAML, and what only looks like a number.
        *((text, text) for text in ("2026-01-01", "=", "<<", "089", "0b", "1e5", "1.10.0", "y", "v1", "-", "9" * 101)),
    ],
)
def test_is_what_yaml_takes_it_for(text: str, value: Any) -> None:
    found = plain(text)
    assert found == value
    assert type(found) is type(value)


def test_kinds_have_words() -> None:
    assert [kind(item) for item in ("a", None, True, 1, 1.5, [], {})] == [
        "",
        "nothing",
        "a boolean",
        "a number",
        "a number",
        "a list",
        "a mapping",
    ]
