"""Amounts of money: whole euro cents, so that sums are exact."""

from __future__ import annotations


def format_euros(cents: int) -> str:
    """An amount for people: ``1234`` cents are ``12.34 EUR``."""
    sign = "-" if cents < 0 else ""
    euros, rest = divmod(abs(cents), 100)
    return f"{sign}{euros}.{rest:02d} EUR"


def share(cents: int, numerator: int, denominator: int) -> int:
    """A fraction of an amount of 0 or more, rounded half up, in cents."""
    return (2 * cents * numerator + denominator) // (2 * denominator)
