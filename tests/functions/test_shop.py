"""The first-party code that the shop's Python functions share."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import pytest

Load = Callable[..., ModuleType]


def request(method: str, path: str, body: str | None = None, **extra: Any) -> dict[str, Any]:
    return {"version": "2.0", "rawPath": path, "body": body, "requestContext": {"http": {"method": method, "path": path}}, **extra}


@pytest.mark.parametrize(("cents", "text"), [(0, "0.00 EUR"), (5, "0.05 EUR"), (1234, "12.34 EUR"), (-150, "-1.50 EUR")])
def test_money_is_written_with_two_digits(load: Load, cents: int, text: str) -> None:
    assert load("shop.money", "common").format_euros(cents) == text


@pytest.mark.parametrize(("cents", "part"), [(11900, 1900), (0, 0), (3, 0), (4, 1)])
def test_a_share_is_rounded_half_up(load: Load, cents: int, part: int) -> None:
    assert load("shop.money", "common").share(cents, 19, 119) == part


def test_products_have_unique_skus_and_positive_prices(load: Load) -> None:
    products = load("shop.products", "common").products()
    assert len(products) == 12
    assert all(product.sku == sku and product.price_cents > 0 for sku, product in products.items())


def test_shipping_is_charged_below_the_limit_only(load: Load) -> None:
    pricing = load("shop.pricing", "common")
    products = load("shop.products").products()
    germany = pricing.COUNTRIES["DE"]
    small = pricing.price_of({products["mug-350"]: 2, products["filter-02-100"]: 1}, germany)
    assert (small.goods_cents, small.shipping_cents, small.vat_cents, small.total_cents) == (3890, 490, 699, 4380)
    large = pricing.price_of({products["grinder-hand"]: 1}, germany)
    assert (large.shipping_cents, large.total_cents) == (0, 8900)


@pytest.fixture
def router(load: Load) -> Any:
    http = load("shop.http", "common")
    router = http.Router()

    @router.route("GET", "/things/{name}")
    def show(request: Any) -> Mapping[str, str]:
        return {"name": request.parameters["name"]}

    @router.route("POST", "/things")
    def add(request: Any) -> Any:
        return request.json()

    @router.route("GET", "/broken")
    def broken(request: Any) -> Any:
        raise RuntimeError("secret detail")

    return router


def test_a_route_gets_the_decoded_parameter(router: Any) -> None:
    answer = router.answer(request("GET", "/things/caf%C3%A9%20au%20lait"))
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == {"name": "café au lait"}


def test_a_body_may_be_base64(router: Any) -> None:
    body = base64.b64encode(b'{"a":1}').decode()
    assert router.answer(request("POST", "/things", body, isBase64Encoded=True))["body"] == '{"a":1}'


@pytest.mark.parametrize(
    ("event", "status", "detail"),
    [
        (request("GET", "/nothing"), 404, "there is nothing at /nothing"),
        (request("GET", "/things"), 405, "GET is not allowed here; allowed: POST"),
        (request("POST", "/things", "{"), 400, "the body is not JSON"),
        (request("POST", "/things", "%", isBase64Encoded=True), 400, "the body is not text"),
        ({"Records": []}, 400, "the event is no HTTP request"),
        (request("GET", "/broken"), 500, "the shop has a fault"),
    ],
)
def test_a_refusal_is_a_problem_document(router: Any, event: Mapping[str, Any], status: int, detail: str) -> None:
    answer = router.answer(event)
    assert answer["statusCode"] == status
    assert answer["headers"]["content-type"] == "application/problem+json"
    assert json.loads(answer["body"])["detail"].startswith(detail)
    assert "secret" not in answer["body"]


def test_a_log_line_is_one_json_object(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    load("shop.log", "common").log("info", "line\nbreak", value={1})
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["message"] == "line\nbreak"
