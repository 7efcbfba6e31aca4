"""The catalogue: finds and shows products over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field
from shop.http import Problem, Request, Router
from shop.log import log
from shop.money import format_euros
from shop.products import Product, products
from shop.validation import Input, validated

router = Router()


class Search(Input):
    """The query string of a search; without one, every product is found."""

    text: Annotated[str, Field(alias="q", max_length=80)] = ""
    category: Annotated[str, Field(max_length=40)] = ""
    max_price_cents: Annotated[int | None, Field(ge=0)] = None
    limit: Annotated[int, Field(ge=1, le=50)] = 20


@router.route("GET", "/products")
def search(request: Request) -> Mapping[str, Any]:
    """Products that match every criterion, cheapest first."""
    criteria = validated(Search, dict(request.query))
    found = sorted(matching(products().values(), criteria), key=lambda product: (product.price_cents, product.sku))
    log("info", "search", text=criteria.text, found=len(found))
    return {"count": len(found), "products": [shown(product) for product in found[: criteria.limit]]}


@router.route("GET", "/products/{sku}")
def show(request: Request) -> Mapping[str, Any]:
    """One product."""
    sku = request.parameters["sku"]
    product = products().get(sku)
    if product is None:
        raise Problem(404, f'there is no product "{sku}"')
    return shown(product)


def matching(candidates: Iterable[Product], criteria: Search) -> Iterable[Product]:
    """The candidates that match; every word of the text is in the title, whatever its case."""
    words = criteria.text.casefold().split()
    for product in candidates:
        if criteria.category and product.category != criteria.category:
            continue
        if criteria.max_price_cents is not None and product.price_cents > criteria.max_price_cents:
            continue
        if all(word in product.title.casefold() for word in words):
            yield product


def shown(product: Product) -> dict[str, Any]:
    """A product as the shop's web pages read it."""
    return {
        "sku": product.sku,
        "title": product.title,
        "category": product.category,
        "price_cents": product.price_cents,
        "price": format_euros(product.price_cents),
    }


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Lambda's entry point."""
    return router.answer(event)
