"""What an order costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shop.money import share
from shop.products import Product

FREE_SHIPPING_CENTS = 7500
"""Orders of this value, in cents, and more are shipped free of charge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """Where the shop ships to: included tax in percent, shipping in cents, time of transit in working days."""

    vat_percent: int
    shipping_cents: int
    transit_days: int


COUNTRIES: Mapping[str, Country] = MappingProxyType(
    {
        "AT": Country(vat_percent=20, shipping_cents=890, transit_days=2),
        "DE": Country(vat_percent=19, shipping_cents=490, transit_days=1),
        "ES": Country(vat_percent=21, shipping_cents=1290, transit_days=4),
        "FR": Country(vat_percent=20, shipping_cents=890, transit_days=2),
        "NL": Country(vat_percent=21, shipping_cents=690, transit_days=1),
        "SE": Country(vat_percent=25, shipping_cents=1490, transit_days=3),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The price of an order, in cents; ``vat_cents`` is part of ``total_cents``."""

    goods_cents: int
    shipping_cents: int
    vat_cents: int
    total_cents: int


def price_of(lines: Mapping[Product, int], country: Country) -> Price:
    """The price of products, each in its quantity, shipped to a country."""
    goods = sum(product.price_cents * quantity for product, quantity in lines.items())
    shipping = 0 if goods >= FREE_SHIPPING_CENTS else country.shipping_cents
    total = goods + shipping
    return Price(
        goods_cents=goods,
        shipping_cents=shipping,
        vat_cents=share(total, country.vat_percent, 100 + country.vat_percent),
        total_cents=total,
    )
