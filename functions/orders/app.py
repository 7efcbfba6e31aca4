"""The orders: quotes what an order costs and when it arrives, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Annotated, Any

from dateutil.parser import isoparse
from delivery import delivery_date
from pydantic import BeforeValidator, Field
from shop.http import Problem, Request, Router
from shop.log import log
from shop.money import format_euros
from shop.pricing import COUNTRIES, FREE_SHIPPING_CENTS, price_of
from shop.products import Product, products
from shop.validation import Input, validated

router = Router()


def _moment(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError("is not a text")
    moment = isoparse(value)
    if moment.tzinfo is None:
        raise ValueError('has no zone; write it as "2026-11-24T09:30:00Z"')
    if not 2000 <= moment.year < 2100:
        raise ValueError("is not of this century")
    return moment


class Line(Input):
    """One product and how many of it."""

    sku: Annotated[str, Field(min_length=1, max_length=40)]
    quantity: Annotated[int, Field(ge=1, le=99)]


class Order(Input):
    """What a customer wants to buy; ``ordered_at`` is now when it is not given."""

    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=50)]
    ordered_at: Annotated[datetime, BeforeValidator(_moment)] = Field(default_factory=lambda: datetime.now(timezone.utc))


@router.route("GET", "/orders/shipping")
def shipping(request: Request) -> Mapping[str, Any]:
    """Where the shop ships to, and for how much."""
    return {
        "free_from_cents": FREE_SHIPPING_CENTS,
        "countries": {
            code: {"shipping_cents": country.shipping_cents, "transit_days": country.transit_days} for code, country in COUNTRIES.items()
        },
    }


@router.route("POST", "/orders/quote")
def quote(request: Request) -> Mapping[str, Any]:
    """What the order costs and when it arrives."""
    order = validated(Order, request.json())
    country = COUNTRIES.get(order.country)
    if country is None:
        raise Problem(422, f"the shop does not ship to {order.country}; it ships to {', '.join(COUNTRIES)}")
    price = price_of(quantities(order.lines), country)
    log("info", "quote", country=order.country, lines=len(order.lines), total_cents=price.total_cents)
    return {
        **asdict(price),
        "total": format_euros(price.total_cents),
        "vat_percent": country.vat_percent,
        "delivery": delivery_date(order.ordered_at, country.transit_days).isoformat(),
    }


def quantities(lines: tuple[Line, ...]) -> dict[Product, int]:
    """How many of each product are ordered; raises Problem 422 that names every unknown one."""
    unknown = sorted({line.sku for line in lines} - set(products()))
    if unknown:
        raise Problem(422, f"unknown products: {', '.join(unknown)}")
    result: dict[Product, int] = {}
    for line in lines:
        product = products()[line.sku]
        result[product] = result.get(product, 0) + line.quantity
    return result


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Lambda's entry point."""
    return router.answer(event)
