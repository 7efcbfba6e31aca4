"""Constructs for AWS CDK; the only package that imports ``aws_cdk``.

Names load at their first use: an app without conventions loads no rules.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optimizer.cdk.conventions import Conventions
    from optimizer.cdk.function import OptimizedFunction
    from optimizer.cdk.managed_runtime import CustomerManagedRuntime
    from optimizer.cdk.repository import SharedAssetRepository
    from optimizer.cdk.synthesizer import SharedRepositorySynthesizer

__all__ = ["Conventions", "CustomerManagedRuntime", "OptimizedFunction", "SharedAssetRepository", "SharedRepositorySynthesizer"]

_HOMES = {
    "Conventions": "optimizer.cdk.conventions",
    "CustomerManagedRuntime": "optimizer.cdk.managed_runtime",
    "OptimizedFunction": "optimizer.cdk.function",
    "SharedAssetRepository": "optimizer.cdk.repository",
    "SharedRepositorySynthesizer": "optimizer.cdk.synthesizer",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    importlib.import_module("optimizer.cdk.traces").leave_out_own_lines()
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
