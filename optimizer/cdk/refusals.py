"""What Lambda refuses of any function with an image, told at its construct; the rules find the rest of it at the end of synthesis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_

from optimizer.errors import Fault
from optimizer.model.limits import DURABLE_EXECUTION, DURABLE_RETENTION, MEMORY, RESERVED_VARIABLES, TMP, Range

_LAYER_OF_ITS_OWN = ("params_and_secrets", "adot_instrumentation")
"""Properties with which CDK adds a layer; it refuses the second one of a function from an image, and not the first (2.275.0)."""

_PROFILING = ("profiling", "profiling_group")

REFUSED_BY_CDK = ("layers", "ephemeral_storage_size", "durable_config", "environment", *_LAYER_OF_ITS_OWN, *_PROFILING)
"""Properties that are refused here, for some of whose values CDK has an exception of its own."""


def property_faults(properties: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with the properties of a function; what only a deployment knows is passed over."""
    if properties.get("layers"):
        yield layers_fault()
    for name in _LAYER_OF_ITS_OWN:
        if properties.get(name) is not None:
            yield Fault(
                "a function from an image has no layers, and CDK adds one for this property",
                name,
                f"leave {name}= out, and put the extension into the image: Extension(...) in the steps of the spec",
            )
    for name in _PROFILING:
        if properties.get(name):
            yield Fault(
                "CDK profiles no function from an image",
                name,
                f"leave {name}= out",
            )
    for name in sorted(RESERVED_VARIABLES.intersection(properties.get("environment") or {})):
        yield Fault(f'"{name}" is reserved: Lambda sets it itself', "environment", "leave it out, or call it something else")
    memory = properties.get("memory_size")
    if isinstance(memory, (int, float)) and not cdk.Token.is_unresolved(memory):
        yield from _outside("memory_size", memory, MEMORY)
    size = properties.get("ephemeral_storage_size")
    if isinstance(size, cdk.Size) and not size.is_unresolved():
        yield from _outside("ephemeral_storage_size", size.to_mebibytes(), TMP)
    durable = properties.get("durable_config")
    if isinstance(durable, lambda_.DurableConfig):
        timeout, retention = durable.execution_timeout, durable.retention_period
        if not timeout.is_unresolved():
            yield from _outside("durable_config.execution_timeout", timeout.to_seconds(), DURABLE_EXECUTION)
        if retention is not None and not retention.is_unresolved():
            yield from _outside("durable_config.retention_period", retention.to_days(integral=False), DURABLE_RETENTION)


def layers_fault() -> Fault:
    """That a function from an image has no layers."""
    return Fault(
        "a function from an image has no layers",
        "layers",
        "put what the layer holds into the image, for example Extension(...) in the steps of the spec",
    )


def _outside(place: str, value: float, allowed: Range) -> Iterator[Fault]:
    if value not in allowed:
        yield Fault(f"{value:.15g} {allowed.unit}; allowed: {allowed}", place, "write a value that is allowed")
