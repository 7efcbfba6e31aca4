"""The shop's products."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

_FILE = Path(__file__).with_name("products.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What can be bought; ``price_cents`` is in euro cents, value-added tax included."""

    sku: str
    title: str
    category: str
    price_cents: int


@cache
def products() -> Mapping[str, Product]:
    """Every product by its SKU, in the order of the file."""
    found = (Product(**item) for item in json.loads(_FILE.read_text(encoding="utf-8")))
    return MappingProxyType({product.sku: product for product in found})
