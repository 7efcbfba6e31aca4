"""What is told of the properties of a function, and what only a deployment knows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.linting.conventions import Conventions
from optimizer.linting.engine import lint
from optimizer.linting.facts.properties import HIDDEN, from_archive, is_set, number, property_of, runs_image, whole_number
from optimizer.linting.rules import RULES
from optimizer.model.function import DeclaredFunction
from tests.linting.cases import TODAY, function


@pytest.mark.parametrize(
    ("properties", "value"),
    [
        ({}, None),
        ({"EphemeralStorage": {"Size": 1024}}, 1024),
        ({"EphemeralStorage": {"Size": {"Ref": "Size"}}}, HIDDEN),
        ({"EphemeralStorage": {"Fn::If": ["Big", {"Size": 1024}, {"Ref": "AWS::NoValue"}]}}, HIDDEN),
        ({"EphemeralStorage": {"Ref": 3}}, HIDDEN),
        ({"EphemeralStorage": 3}, None),
        ({"EphemeralStorage": {"Other": 3}}, None),
    ],
)
def test_a_property_is_known_or_hidden_or_not_set(properties: dict[str, Any], value: object) -> None:
    assert property_of(DeclaredFunction(properties=properties), "EphemeralStorage", "Size") == value


@pytest.mark.parametrize(
    ("value", "number"),
    [(512, 512), ("512", 512), ("5x", None), (True, None), (None, None), (5.5, None), ("-1", None), ("٣", None), ([512], None)],
)
def test_numbers_is_places_may_be_texts(value: object, number: int | None) -> None:
    assert whole_number(value) == number


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2, 2.0),
        (2.5, 2.5),
        ("2.5", 2.5),
        ("-3", -3.0),
        ("2.", None),
        ("1e3", None),
        (True, None),
        (None, None),
        ([2], None),
        (HIDDEN, None),
    ],
)
def test_numbers_with_a_point(value: object, expected: float | None) -> None:
    assert number(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", True),
        ({"Ref": "A"}, True),
        ([{"Ref": "A"}], True),
        ([], False),
        ("", False),
        (None, False),
        ({"Fn::If": ["A", "b", "c"]}, None),
    ],
)
def test_a_property_is_set_whatever_its_value(value: object, expected: bool | None) -> None:
    assert is_set(DeclaredFunction(properties={"Layers": value}), "Layers") is expected


@pytest.mark.parametrize(
    ("properties", "image", "archive"),
    [
        ({"PackageType": "Image"}, True, False),
        ({"PackageType": "Zip", "ImageUri": "a"}, False, True),
        ({}, False, True),
        ({"Code": {"ImageUri": {"Ref": "A"}}}, False, False),
        ({"ImageUri": "a"}, False, False),
        ({"PackageType": {"Ref": "A"}}, False, False),
    ],
)
def test_what_a_function_is_made_of(properties: dict[str, Any], image: bool, archive: bool) -> None:
    declared = DeclaredFunction(properties=properties)
    assert (runs_image(declared), from_archive(declared)) == (image, archive)


NAMES = (
    "AcceleratorConfig",
    "CapacityProviderConfig",
    "DurableConfig",
    "EphemeralStorage",
    "ImageConfig",
    "Layers",
    "MemorySize",
    "VpcConfig",
)
INNER = ("AcceleratorMemorySize", "LambdaManagedInstancesCapacityProviderConfig", "Size", "Command", "ExecutionTimeout", "Ref", "Fn::If")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(INNER), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(NAMES), VALUES), st.booleans(), st.sampled_from(["Image", "Zip", None, 3]))
def test_no_shape_of_a_property_does_harm(properties: dict[str, Any], serverless: bool, package: object) -> None:
    subject = function(serverless=serverless, properties={**properties, "PackageType": package})
    rules = [rule for rule in RULES if rule.function]
    assert lint([subject], Conventions(today=TODAY), rules=rules).subjects == 1
