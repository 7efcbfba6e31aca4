"""samconfig: where images go."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.sam.config import image_repositories

HOST = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, (None, None)),
        ({"image_repository": f"{HOST}/shop"}, ("shop", "shop")),
        ({"image_repositories": [f"Get={HOST}/get", f"Put={HOST}/put", "bad", 3]}, ("get", "put")),
        ({"resolve_image_repos": True}, ("companion stack/Get", "companion stack/Put")),
        ({"resolve_image_repos": False, "image_repository": 3, "image_repositories": "x"}, (None, None)),
    ],
)
def test_says_where_the_images_of_functions_go(parameters: dict[str, Any], expected: tuple[str | None, str | None]) -> None:
    found = image_repositories({"version": 0.1, "default": {"deploy": {"parameters": parameters}}})
    assert (found.of("Get"), found.of("Put")) == expected


def test_deploy_wins_over_global() -> None:
    found = image_repositories(
        {"default": {"global": {"parameters": {"image_repository": "a"}}, "deploy": {"parameters": {"image_repository": "b"}}}}
    )
    assert found.of("Get") == "b"


@pytest.mark.parametrize("config", [{}, {"default": 3}, {"default": {"deploy": []}}, {"default": {"deploy": {"parameters": "x"}}}])
def test_no_shape_does_harm(config: Any) -> None:
    assert image_repositories(config).of("Get") is None
