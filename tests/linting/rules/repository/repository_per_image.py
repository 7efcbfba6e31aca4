from __future__ import annotations

from tests.linting.cases import Case, app, function

CATCHES: list[Case] = [
    app(
        function("A", repository="shop/a", image="1"),
        function("B", repository="shop/b", image="2"),
        lines=(0,),
        says='go to 2 repositories, each for one image, such as "shop/a"',
    ),
]
PASSES: list[Case] = [
    app(function("A", repository="shop", image="1")),
    app(function("A", repository="shop", image="1"), function("B", repository="shop", image="2")),
    app(function("A", repository="a", image="1"), function("B", repository="b", image="2"), function("C", repository="b", image="3")),
]
