"""The versions and the aliases of functions that a template declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from optimizer.model.function import Qualifier
from optimizer.model.template_references import PROVISIONED, references, referred
from optimizer.sam.document import Document
from optimizer.sam.intrinsics import Intrinsics

_KINDS = {"AWS::Lambda::Version": False, "AWS::Lambda::Alias": True}
_SCALED = "AWS::ApplicationAutoScaling::ScalableTarget"


def qualifiers(document: Document, intrinsics: Intrinsics) -> Mapping[str, tuple[Qualifier, ...]]:
    """The versions and aliases of each function of the template, by the function's logical id, each sorted by its own.

    One whose function only a deployment knows, or that is declared elsewhere,
    belongs to none, and neither does one that its own condition leaves out.
    What Application Auto Scaling gives provisioned concurrency to has it.
    """
    resources = _mapping(_mapping(document.data).get("Resources"))
    names = {_mapping(_mapping(item).get("Properties")).get("FunctionName"): key for key, item in resources.items() if _is_function(item)}
    scaled = {name for resource in resources.values() for name in _scaled(_mapping(resource), names)}
    found: dict[str, list[Qualifier]] = {}
    for logical_id in sorted(resources):
        resource = _mapping(resources[logical_id])
        alias = _KINDS.get(str(resource.get("Type")))
        if alias is None:
            continue
        exists = _exists(resource, intrinsics)
        if exists is False:
            continue
        properties = _mapping(intrinsics.resolve(_mapping(resource.get("Properties"))))
        function = referred(properties.get("FunctionName"))
        function = names.get(function, function)
        if function in resources:
            # Of a target that names the function, which alias it scales is the same to the function.
            by_scaling = logical_id in scaled or (alias and function in scaled)
            provisioned = by_scaling or provisioned_by(properties)
            made = Qualifier(name=logical_id, alias=alias, provisioned=None if provisioned and exists is None else provisioned)
            found.setdefault(function, []).append(made)
    return {function: tuple(items) for function, items in found.items()}


def provisioned_by(properties: Mapping[str, Any]) -> bool | None:
    """Whether properties of a version, an alias or a function of SAM ask for provisioned concurrency; None where that is hidden."""
    value = properties.get("ProvisionedConcurrencyConfig")
    if not value:
        return False
    return None if isinstance(value, Mapping) and "Fn::If" in value else True


def _scaled(resource: Mapping[str, Any], names: Mapping[Any, str]) -> Iterator[str]:
    """The functions and aliases for which a resource manages provisioned concurrency, by logical id."""
    properties = _mapping(resource.get("Properties"))
    if resource.get("Type") == _SCALED and properties.get("ScalableDimension") == PROVISIONED:
        target = properties.get("ResourceId")
        yield from references(target)
        # function:NAME:QUALIFIER
        if isinstance(target, str) and target.count(":") == 2:
            yield names.get(target.split(":")[1], "")


def _exists(resource: Mapping[str, Any], intrinsics: Intrinsics) -> bool | None:
    """Whether a resource is made; None where a condition decides it that only a deployment knows."""
    condition = resource.get("Condition")
    return intrinsics.decided(condition) if isinstance(condition, str) else True


def _is_function(resource: Any) -> bool:
    properties = _mapping(_mapping(resource).get("Properties"))
    named = isinstance(properties.get("FunctionName"), str)
    return named and str(_mapping(resource).get("Type")).endswith("::Function")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
