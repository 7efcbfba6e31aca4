from __future__ import annotations

from tests.linting.cases import Case, app, function

CATCHES: list[Case] = [
    app(
        function("A", repository="shop/functions", image="1"),
        function("B", repository="shop/functions", image="2"),
        lines=(0,),
        says='"shop/functions"',
    ),
]
PASSES: list[Case] = [
    app(function(repository="shop-functions", image="1")),
    app(function()),
    app(function(repository="shop/functions", image="1", metadata="{}")),
]
