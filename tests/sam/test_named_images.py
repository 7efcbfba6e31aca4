"""What image URIs of templates name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.sam.named_images import NamedImage, named_image, with_uris

HOST = "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com"
LITERAL = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
STORES = {"Arch": None, "Shop": "shop", "Named": {"Ref": "Name"}, "Live": {"Fn::Sub": "live-${AWS::Region}"}}
URI = {"Fn::GetAtt": ["Arch", "RepositoryUri"]}


def of_arn(index: int, repository: str = "Arch") -> dict[str, Any]:
    return {"Fn::Select": [index, {"Fn::Split": [":", {"Fn::GetAtt": [repository, "Arn"]}]}]}


def by_cdk(repository: str) -> dict[str, Any]:
    """As ``DockerImageCode.from_ecr`` writes it."""
    host = [of_arn(4, repository), ".dkr.ecr.", of_arn(3, repository), ".", {"Ref": "AWS::URLSuffix"}]
    return {"Fn::Join": ["", [*host, "/", {"Ref": repository}, ":v1"]]}


def image(name: str, *logical_ids: str, account: str = "", region: str = "", tag: str | None = "v1") -> NamedImage:
    return NamedImage(account=account, region=region, name=name, logical_ids=frozenset(logical_ids), tag=tag)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        (f"{LITERAL}/shop:v1", image("shop", "Shop", account="111122223333", region="eu-west-1")),
        (f"{LITERAL}/team/shop", image("team/shop", account="111122223333", region="eu-west-1", tag="latest")),
        (f"{LITERAL}/shop:v1@sha256:1", image("shop", "Shop", account="111122223333", region="eu-west-1", tag=None)),
        ("111122223333.dkr-ecr.eu-west-1.on.aws/shop:v1", image("shop", "Shop", account="111122223333", region="eu-west-1")),
        ({"Fn::Sub": f"{HOST}/shop:v1"}, image("shop", "Shop")),
        ({"Fn::Sub": f"{HOST}/shop:${{Tag}}"}, image("shop", "Shop", tag=None)),
        ({"Fn::Sub": f"{HOST}/${{Arch}}:v1"}, image("", "Arch")),
        ({"Fn::Sub": f"{HOST}/live-${{AWS::Region}}:v1"}, image("live-${AWS::Region}", "Live")),
        # One parameter has one value.
        ({"Fn::Sub": f"{HOST}/${{Name}}:v1"}, image("", "Named")),
        ({"Fn::Sub": f"{HOST}/${{Other}}:v1"}, image("")),
        ({"Fn::Sub": "${Arch.RepositoryUri}:v1"}, image("", "Arch")),
        ({"Fn::Sub": ["${Uri}:${Tag}", {"Uri": URI, "Tag": "v1"}]}, image("", "Arch")),
        ({"Fn::Sub": ["${Uri}:${Tag}", {"Uri": URI, "Tag": {"Fn::ImportValue": "tag"}}]}, image("", "Arch", tag=None)),
        ({"Fn::Join": [":", [URI, "v1"]]}, image("", "Arch")),
        ({"Fn::Join": ["@", [{"Fn::GetAtt": "Arch.RepositoryUri"}, {"Ref": "Digest"}]]}, image("", "Arch", tag=None)),
        ({"Fn::Join": ["", [URI, ":", {"Fn::If": ["Live", "v1", "v2"]}]]}, image("", "Arch", tag=None)),
        (by_cdk("Arch"), image("", "Arch")),
        # What only a deployment knows.
        ({"Ref": "Image"}, None),
        ({"Fn::Sub": "${Registry}/shop:v1"}, None),
        ({"Fn::Sub": "${Account}.dkr.ecr.${AWS::Region}.amazonaws.com/shop:v1"}, None),
        ({"Fn::Sub": "${Other.RepositoryUri}:v1"}, None),
        ({"Fn::Sub": f"{HOST}/${{Other.Name}}:v1"}, None),
        ({"Fn::Sub": [f"{HOST}/${{Arch}}:v1", {"Arch": {"Fn::ImportValue": "arch"}}]}, None),
        ({"Fn::Join": ["", [HOST, "/", {"Fn::ImportValue": "shop"}, ":v1"]]}, None),
        (by_cdk("Other"), None),
        ({"Fn::GetAtt": ["Arch", "Arn"]}, None),
        # What is in no private repository.
        ("public.ecr.aws/lambda/python:3.13", None),
        ("docker.io/library/shop:v1", None),
        ("shop:v1", None),
    ],
)
def test_what_a_uri_names(uri: Any, expected: NamedImage | None) -> None:
    assert named_image(uri, STORES) == expected


def test_the_uri_of_a_repository_in_place_of_its_attribute() -> None:
    known = "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/${Arch}"
    assert with_uris({"Fn::Join": [":", [URI, {"Ref": "Tag"}]]}, STORES) == {"Fn::Join": [":", [known, {"Ref": "Tag"}]]}
    assert with_uris({"Fn::Sub": "${Arch.RepositoryUri}:${Tag}"}, STORES) == {"Fn::Sub": f"{known}:${{Tag}}"}
    for other in ({"Fn::GetAtt": ["Other", "RepositoryUri"]}, {"Fn::Sub": "${Other.RepositoryUri}:1"}, "shop:1", {"Ref": "Arch"}):
        assert with_uris(other, STORES) == other


KEYS = ["Fn::Join", "Fn::Sub", "Fn::Select", "Fn::Split", "Fn::GetAtt", "Ref"]
VALUES = st.recursive(
    st.none() | st.integers() | st.sampled_from(["", ":", "Arch", "Arch.RepositoryUri", "${Arch}", "${", f"{LITERAL}/shop:v1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=2),
    max_leaves=10,
)


@given(VALUES, VALUES)
def test_no_shape_does_harm(uri: Any, name: Any) -> None:
    named_image(uri, {"Arch": name})
