"""When an order arrives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from types import ModuleType

import pytest


@pytest.mark.parametrize(
    ("ordered_at", "transit_days", "arrives"),
    [
        # 2026-11-27 is a Friday.
        ("2026-11-26T09:00:00+00:00", 1, date(2026, 11, 27)),
        ("2026-11-27T13:59:59+00:00", 1, date(2026, 11, 30)),
        ("2026-11-27T14:00:00+00:00", 1, date(2026, 12, 1)),
        ("2026-11-27T14:30:00+01:00", 1, date(2026, 11, 30)),
        ("2026-11-28T20:00:00+00:00", 1, date(2026, 12, 1)),
        ("2026-11-29T09:00:00+00:00", 4, date(2026, 12, 4)),
    ],
    ids=["weekday", "before the cut-off", "after the cut-off", "other zone", "late on Saturday", "Sunday, far away"],
)
def test_delivery_counts_working_days(load: Callable[..., ModuleType], ordered_at: str, transit_days: int, arrives: date) -> None:
    assert load("delivery", "orders").delivery_date(datetime.fromisoformat(ordered_at), transit_days) == arrives


def test_a_time_without_a_zone_is_refused(load: Callable[..., ModuleType]) -> None:
    with pytest.raises(ValueError, match="has no zone"):
        load("delivery", "orders").delivery_date(datetime(2026, 11, 27), 1)
