"""The capacity providers that functions of a template run on.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-capacityprovider.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optimizer.model.template_references import referred
from optimizer.sam.intrinsics import Intrinsics

_TYPES = ("AWS::Lambda::CapacityProvider", "AWS::Serverless::CapacityProvider")


def provider_architectures(properties: Mapping[str, Any], resources: Mapping[str, Any], intrinsics: Intrinsics) -> tuple[str, ...]:
    """The architectures of the capacity provider that a function names; empty where the template does not tell them."""
    config = _mapping(properties.get("CapacityProviderConfig"))
    # SAM writes the name of the provider one level higher.
    arn = config.get("Arn") or _mapping(config.get("LambdaManagedInstancesCapacityProviderConfig")).get("CapacityProviderArn")
    provider = _mapping(resources.get(referred(arn)))
    if provider.get("Type") not in _TYPES:
        return ()
    required = intrinsics.resolve(_mapping(_mapping(provider.get("Properties")).get("InstanceRequirements")))
    names = _mapping(required).get("Architectures")
    return tuple(names) if isinstance(names, list) and all(isinstance(name, str) for name in names) else ()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
