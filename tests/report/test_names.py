from __future__ import annotations

import pytest

from optimizer.report.names import are_told_apart, short_name

ACCOUNT = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
DIGITS = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("name", "short"),
    [
        (f"{ACCOUNT}/lambda-images:{DIGITS}", "lambda-images:0123456789ab"),
        (f"{ACCOUNT}/team/lambda-images:v1@sha256:{DIGITS}", "lambda-images:v1"),
        (f"{ACCOUNT}/lambda-images@sha256:{DIGITS}", "lambda-images@0123456789ab"),
        ("127.0.0.1:5000/shop", "shop"),
        ("catalog:1", "catalog:1"),
        ("build/shop.tar", "build/shop.tar"),
        (f"cdkasset-{DIGITS}:latest", "cdkasset-0123456789ab:latest"),
        ("a\x1b[2J", r"a\x1b[2J"),
    ],
)
def test_a_short_name_has_what_tells_images_of_an_app_apart(name: str, short: str) -> None:
    """Requirement: "short image names, digests of 12"."""
    assert short_name(name) == short


def test_names_of_two_registries_may_look_alike() -> None:
    assert not are_told_apart(["a.example/shop:1", "b.example/shop:1"])
    assert are_told_apart(["a.example/shop:1", "a.example/shop:1", "a.example/shop:2"])
