"""The versions and aliases of functions, of templates of CloudFormation and SAM."""

from __future__ import annotations

import pytest

from optimizer.model.function import Qualifier
from optimizer.sam.document import Document, parse_document
from optimizer.sam.template import functions

FUNCTION = """\
Resources:
  Api:
    Type: AWS::{kind}::Function
    Properties:
      PackageType: Image
      FunctionName: shop-api
      {properties}
"""


def found(more: str = "", *, kind: str = "Lambda", properties: str = "Timeout: 3") -> tuple[Qualifier, ...]:
    document = parse_document(FUNCTION.format(kind=kind, properties=properties) + more)
    assert isinstance(document, Document)
    (function,) = functions(document)
    return function.declared.qualifiers


def version(function: str, more: str = "") -> str:
    return f"  One:\n    Type: AWS::Lambda::Version\n    Properties:\n      FunctionName: {function}\n{more}"


@pytest.mark.parametrize("name", ["!Ref Api", "!GetAtt Api.Arn", "!Sub ${Api}", "!Sub ${Api.Arn}", "{Fn::GetAtt: [Api, Arn]}", "shop-api"])
def test_a_version_belongs_to_the_function_that_it_names(name: str) -> None:
    assert found(version(name)) == (Qualifier(name="One", alias=False),)


@pytest.mark.parametrize("name", ["!Ref Other", "!ImportValue Api", "other", "!Sub ${Api}-x", "[Api]"])
def test_a_version_of_another_function_does_not(name: str) -> None:
    assert found(version(name)) == ()


def test_an_alias_with_provisioned_concurrency() -> None:
    live = version("!Ref Api") + (
        "  Live:\n    Type: AWS::Lambda::Alias\n    Properties:\n      FunctionName: !Ref Api\n      FunctionVersion: !GetAtt One.Version\n"
        "      Name: live\n      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 2}\n"
    )
    assert found(live) == (Qualifier(name="Live", alias=True, provisioned=True), Qualifier(name="One", alias=False))


def test_provisioned_concurrency_that_a_condition_decides_is_unknown() -> None:
    (one,) = found(
        version("!Ref Api", "      ProvisionedConcurrencyConfig: !If [Busy, {ProvisionedConcurrentExecutions: 2}, !Ref AWS::NoValue]\n")
    )
    assert one.provisioned is None


CONDITIONS = (
    "Parameters: {Stage: {Type: String}}\nConditions:\n  Open: !Equals [!Ref Stage, x]\n  Taken: !Equals [a, a]\n  Left: !Equals [a, b]\n"
)


@pytest.mark.parametrize(
    ("condition", "provisioned"), [("Taken", [True]), ("Left", []), ("Open", [None]), ("Typo", [None]), ("[x]", [True])]
)
def test_a_version_that_its_own_condition_leaves_out_is_none(condition: str, provisioned: list[bool | None]) -> None:
    config = f"      ProvisionedConcurrencyConfig: {{ProvisionedConcurrentExecutions: 2}}\n    Condition: {condition}\n"
    assert [item.provisioned for item in found(version("!Ref Api", config) + CONDITIONS)] == provisioned


def test_a_version_of_which_only_a_deployment_knows_whether_it_exists_may_be_there() -> None:
    """SnapStart works on published versions: what may be one is not taken for none."""
    assert found(version("!Ref Api", "    Condition: Open\n") + CONDITIONS) == (Qualifier(name="One", alias=False),)


ALIAS = version("!Ref Api") + (
    "  Live:\n    Type: AWS::Lambda::Alias\n    Properties: {FunctionName: !Ref Api, FunctionVersion: !GetAtt One.Version, Name: live}\n"
)


def target(resource: str, dimension: str = "lambda:function:ProvisionedConcurrency") -> str:
    return (
        "  Target:\n    Type: AWS::ApplicationAutoScaling::ScalableTarget\n    Properties:\n"
        f"      ScalableDimension: {dimension}\n      ResourceId: {resource}\n"
    )


@pytest.mark.parametrize(
    "resource",
    [
        # As CDK writes it, which reads the function's name out of the alias.
        '!Join ["", ["function:", !Select [6, !Split [":", !Ref Live]], ":live"]]',
        "!Sub function:${Api}:live",
        '!Join [":", [function, !Ref Api, live]]',
        "function:shop-api:live",
    ],
)
def test_what_is_scaled_has_provisioned_concurrency(resource: str) -> None:
    assert [(item.name, item.provisioned) for item in found(ALIAS + target(resource))] == [("Live", True), ("One", False)]


@pytest.mark.parametrize(
    "more",
    [
        target("function:other:live"),
        target("!Sub function:${Other}:live"),
        target("function:shop-api:live", "dynamodb:table:ReadCapacityUnits"),
        target("!Ref Elsewhere"),
        # The name of another alias, and not the logical id of one.
        target("function:other:Live"),
        target("3"),
    ],
)
def test_what_is_scaled_otherwise_has_not(more: str) -> None:
    assert [item.provisioned for item in found(ALIAS + more)] == [False, False]


def test_sam_makes_a_version_and_an_alias() -> None:
    """AutoPublishAlias gives both; without it there is none."""
    assert found(kind="Serverless") == ()
    made = found(kind="Serverless", properties="AutoPublishAlias: live")
    assert made == (Qualifier(name="Api.Version", alias=False), Qualifier(name="Api.Alias", alias=True))
    # The words mean nothing in CloudFormation's own functions.
    assert found(properties="AutoPublishAlias: live") == ()


def test_provisioned_concurrency_of_sam_is_that_of_the_alias() -> None:
    properties = "AutoPublishAlias: live\n      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 1}"
    assert [item.provisioned for item in found(kind="Serverless", properties=properties)] == [False, True]
