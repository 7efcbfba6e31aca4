"""samconfig: where images go."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.sam.config import ParameterOverrides, deployed_region, image_repositories, parameter_overrides, uses_buildkit

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


def test_the_uri_of_a_repository() -> None:
    found = image_repositories(
        {"default": {"deploy": {"parameters": {"image_repository": f"{HOST}/shop", "image_repositories": [f"Get={HOST}/get"]}}}}
    )
    assert (found.uri_of("Get"), found.uri_of("Put")) == (f"{HOST}/get", f"{HOST}/shop")
    assert image_repositories({"default": {"deploy": {"parameters": {"resolve_image_repos": True}}}}).uri_of("Get") is None


def test_deploy_wins_over_global() -> None:
    found = image_repositories(
        {"default": {"global": {"parameters": {"image_repository": "a"}}, "deploy": {"parameters": {"image_repository": "b"}}}}
    )
    assert found.of("Get") == "b"


@pytest.mark.parametrize("config", [{}, {"default": 3}, {"default": {"deploy": []}}, {"default": {"deploy": {"parameters": "x"}}}])
def test_no_shape_does_harm(config: Any) -> None:
    assert image_repositories(config).of("Get") is None


@pytest.mark.parametrize(
    ("written", "values", "complete"),
    [
        # As CfnParameterOverridesType of SAM CLI 1.170.0 reads them.
        ('A=b C="d e"', {"A": "b", "C": "d e"}, True),
        ('ParameterKey=A,ParameterValue=b ParameterKey=C,ParameterValue="x\\"y"', {"A": "b", "C": 'x"y'}, True),
        (["A=b", ["C=d"]], {"A": "b", "C": "d"}, True),
        ({"A": 1, "B": ["x", " y"], "C": None, "D": True}, {"A": "1", "B": "x,y", "C": "", "D": "True"}, True),
        ("A='q r' B=x\\ y", {"A": "q r", "B": "x y"}, True),
        (["A=b", "file://more.yaml"], {"A": "b"}, False),
        ({"A": "b", "$include": "more.yaml"}, {"A": "b"}, False),
        # SAM CLI refuses these; nothing is known of what was meant.
        (3, {}, False),
        (None, {}, True),
        ("no pair", {}, False),
        ('A="' + "x" * 5000, {}, False),
        ("", {}, True),
    ],
)
def test_parameters_of_the_build(written: Any, values: dict[str, str], complete: bool) -> None:
    config = {"default": {"build": {"parameters": {"parameter_overrides": written}}}}
    assert parameter_overrides(config) == ParameterOverrides(values=values, complete=complete)


def test_build_wins_over_global_and_deploy_does_not_count() -> None:
    tables = {name: {"parameters": {"parameter_overrides": f"A={name}"}} for name in ("global", "build", "deploy")}
    assert parameter_overrides({"default": tables}).values == {"A": "build"}
    assert parameter_overrides({"default": {"deploy": tables["deploy"]}}).values == {}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, False),
        ({"default": {"build": {"parameters": {"use_buildkit": True}}}}, True),
        # SAM CLI takes the text too, in TOML and in YAML.
        ({"default": {"global": {"parameters": {"use_buildkit": "true"}}}}, True),
        ({"default": {"global": {"parameters": {"use_buildkit": True}}, "build": {"parameters": {"use_buildkit": False}}}}, False),
        ({"default": {"deploy": {"parameters": {"use_buildkit": True}}}}, False),
        ({"prod": {"build": {"parameters": {"use_buildkit": True}}}}, False),
    ],
)
def test_says_whether_sam_builds_with_buildkit(config: dict[str, Any], expected: bool) -> None:
    assert uses_buildkit(config) is expected


@pytest.mark.parametrize(
    ("config", "region"),
    [
        ({"default": {"deploy": {"parameters": {"region": "eu-west-1"}}}}, "eu-west-1"),
        ({"default": {"global": {"parameters": {"region": "eu-west-1"}}}}, "eu-west-1"),
        ({"default": {"global": {"parameters": {"region": "a"}}, "deploy": {"parameters": {"region": "b"}}}}, "b"),
        # What other commands use says nothing of the deployment.
        ({"default": {"build": {"parameters": {"region": "eu-west-1"}}}}, None),
        ({"prod": {"deploy": {"parameters": {"region": "eu-west-1"}}}}, None),
        ({"default": {"deploy": {"parameters": {"region": 3}}}}, None),
    ],
)
def test_the_region_of_a_deployment(config: dict[str, Any], region: str | None) -> None:
    assert deployed_region(config) == region
