"""The audit trail."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

EVENT = {
    "source": "shop.orders",
    "detail-type": "order placed",
    "time": "2026-11-24T09:30:00Z",
    "detail": {"order": "A-1042", "customer": "Ada", "lines": [{"sku": "mug-350", "Email": "ada@example.com"}]},
}


@pytest.fixture
def app(load: Callable[..., ModuleType]) -> ModuleType:
    return load("app", "audit")


def test_personal_fields_are_masked_at_every_depth(app: Any, capsys: pytest.CaptureFixture[str]) -> None:
    record = app.handler(EVENT, None)
    assert record["detail"]["order"] == "A-1042"
    assert record["detail"]["customer"].startswith("masked:")
    assert record["detail"]["lines"][0]["Email"].startswith("masked:")
    line = capsys.readouterr().out
    assert "Ada" not in line and "ada@" not in line
    assert json.loads(line)["fingerprint"] == record["fingerprint"]


def test_a_pseudonym_depends_on_person_and_salt(app: Any) -> None:
    one, two, other = (app.masked({"customer": name}, salt) for name, salt in (("Ada", "a"), ("Bob", "a"), ("Ada", "b")))
    assert len({one["customer"], two["customer"], other["customer"]}) == 3
    assert app.masked({"customer": "Ada"}, "a") == one


def test_equal_events_have_equal_fingerprints(app: Any) -> None:
    reordered = dict(reversed(EVENT.items()))
    assert app.record_of(reordered, "s") == app.record_of(EVENT, "s")
    assert app.record_of({**EVENT, "source": "shop.stock"}, "s")["fingerprint"] != app.record_of(EVENT, "s")["fingerprint"]


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({}, "source is missing"),
        ({**EVENT, "detail-type": 1}, "detail-type is missing, or is not a text"),
        ({**EVENT, "detail": []}, "detail is missing, or is not a table"),
    ],
)
def test_another_event_is_refused(app: Any, event: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        app.record_of(event, "s")


def test_deep_nesting_is_refused(app: Any) -> None:
    detail: dict[str, Any] = {}
    for _ in range(25):
        detail = {"inner": detail}
    with pytest.raises(ValueError, match="nested deeper than 20 levels"):
        app.record_of({**EVENT, "detail": detail}, "s")
