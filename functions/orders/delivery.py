"""When an order arrives."""

from __future__ import annotations

from datetime import date, datetime, timezone

from dateutil.rrule import DAILY, FR, MO, TH, TU, WE, rrule

CUT_OFF_HOUR = 14
"""Orders from this hour on, in UTC, are packed on the next working day."""


def delivery_date(ordered_at: datetime, transit_days: int) -> date:
    """The day on which an order arrives, from the time of the order and the working days of transit.

    Raises ValueError when the time has no zone.
    """
    if ordered_at.tzinfo is None:
        raise ValueError(f"the time {ordered_at.isoformat()} has no zone")
    moment = ordered_at.astimezone(timezone.utc)
    midnight = datetime(moment.year, moment.month, moment.day)
    # The working days that are left, the day of the order first when it is one.
    days = list(rrule(DAILY, dtstart=midnight, byweekday=(MO, TU, WE, TH, FR), count=transit_days + 2))
    packed = 1 if days[0] == midnight and moment.hour >= CUT_OFF_HOUR else 0
    return days[packed + transit_days].date()
