"""Lambda container images from a declaration: ordered, pinned, multi-stage, in one shared repository.

Importing this package costs no more than its own values: ``optimizer.cdk``
starts a Node.js process, and is imported only by those who use it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optimizer.api import lint, load_plan, plan
    from optimizer.bases.lock import Lock
    from optimizer.builders.docker.render import Profile, render
    from optimizer.errors import OptimizerError
    from optimizer.model.secret import BuildSecret
    from optimizer.model.spec import ImageSpec
    from optimizer.model.stability import Stability
    from optimizer.model.steps import (
        Command,
        DotnetBuild,
        Extension,
        Files,
        GoBuild,
        JavaBuild,
        NodeBuild,
        NodeDependencies,
        PythonDependencies,
        RubyDependencies,
        RustBuild,
        SourceCode,
        SystemPackages,
    )

__all__ = [
    "BuildSecret",
    "Command",
    "DotnetBuild",
    "Extension",
    "Files",
    "GoBuild",
    "ImageSpec",
    "JavaBuild",
    "Lock",
    "NodeBuild",
    "NodeDependencies",
    "OptimizerError",
    "Profile",
    "PythonDependencies",
    "RubyDependencies",
    "RustBuild",
    "SourceCode",
    "Stability",
    "SystemPackages",
    "lint",
    "load_plan",
    "plan",
    "render",
]

_STEPS = "optimizer.model.steps"
_HOMES = {
    "BuildSecret": "optimizer.model.secret",
    "ImageSpec": "optimizer.model.spec",
    "Lock": "optimizer.bases.lock",
    "OptimizerError": "optimizer.errors",
    "Profile": "optimizer.builders.docker.render",
    "Stability": "optimizer.model.stability",
    "lint": "optimizer.api",
    "load_plan": "optimizer.api",
    "plan": "optimizer.api",
    "render": "optimizer.builders.docker.render",
}


def __getattr__(name: str) -> Any:
    # Each name is loaded at its first use, so that a program pays only for the parts that it names.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES.get(name, _STEPS)), name)
    globals()[name] = value
    return value
