from __future__ import annotations

from tests.linting.cases import Case, app, function

CATCHES: list[Case] = [
    app(
        function("A", repository="orders", image="1"),
        function("B", repository="orders", image="2"),
        function("C", repository="stock", image="3"),
        lines=(0,),
        says='2 repositories: "orders" (2), "stock" (1)',
    ),
]
PASSES: list[Case] = [
    app(function("A", repository="shop", image="1"), function("B", repository="shop", image="2")),
    # One repository, in two environments.
    app(
        function("A", repository="assets-111122223333-eu-west-1", image="1"),
        function("B", repository="assets-111122223333-eu-west-1", image="2"),
        function("C", repository="assets-444455556666-ap-southeast-2", image="1"),
    ),
    # LIO702 says it.
    app(function("A", repository="a", image="1"), function("B", repository="b", image="2")),
    app(function("A"), function("B")),
]
