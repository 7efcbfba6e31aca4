"""The architectures of the capacity provider that a function runs on."""

from __future__ import annotations

import pytest

from optimizer.sam.document import Document, parse_document
from optimizer.sam.template import functions

TEMPLATE = """\
Parameters: {{Chosen: {{Type: String, Default: arm64}}, Open: {{Type: String}}}}
Resources:
  Api:
    Type: AWS::{kind}::Function
    Properties:
      PackageType: Image
      CapacityProviderConfig: {config}
  Shop:
    Type: AWS::{kind}::CapacityProvider
    Properties: {{InstanceRequirements: {required}}}
  Table: {{Type: AWS::DynamoDB::Table}}
"""
LOW = "{{LambdaManagedInstancesCapacityProviderConfig: {{CapacityProviderArn: {}}}}}"


def found(config: str, required: str = "{Architectures: [arm64]}", kind: str = "Lambda") -> tuple[str, ...]:
    document = parse_document(TEMPLATE.format(config=config, required=required, kind=kind))
    assert isinstance(document, Document)
    (function,) = functions(document)
    return function.declared.provider_architectures


@pytest.mark.parametrize("name", ["!GetAtt Shop.Arn", "!Ref Shop", "{Fn::GetAtt: [Shop, Arn]}", "!Sub '${Shop.Arn}'"])
def test_a_provider_of_the_template(name: str) -> None:
    assert found(LOW.format(name)) == ("arm64",)
    assert found(f"{{Arn: {name}}}", kind="Serverless") == ("arm64",)


@pytest.mark.parametrize(
    "name", ["arn:aws:lambda:eu-west-1:111122223333:capacity-provider:shop", "!Ref Other", "!Ref Table", "!ImportValue Shop", "[]"]
)
def test_one_that_the_template_does_not_show(name: str) -> None:
    assert found(LOW.format(name)) == ()


@pytest.mark.parametrize(
    ("required", "architectures"),
    [
        ("{Architectures: [!Ref Chosen]}", ("arm64",)),
        ("{Architectures: [!Ref Open]}", ()),
        ("{Architectures: x86_64}", ()),
        ("{AllowedInstanceTypes: [m7g.large]}", ()),
        ("3", ()),
    ],
)
def test_what_the_provider_says(required: str, architectures: tuple[str, ...]) -> None:
    assert found(LOW.format("!Ref Shop"), required) == architectures
