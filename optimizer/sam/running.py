"""What of a declared function counts where it is run on this machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from optimizer.model.architectures import DEFAULT_ARCHITECTURE
from optimizer.model.function import DeclaredFunction
from optimizer.model.invocation import DEFAULT_MEMORY_MB, DEFAULT_TIMEOUT_S, DEFAULT_TMP_MB, RunSettings


def run_settings(name: str, declared: DeclaredFunction, region: str | None = None) -> RunSettings:
    """The settings of a function, with Lambda's defaults where it sets none.

    What only a deployment knows is left out, and named as ``unknown``.
    """
    properties = declared.properties
    unknown: list[str] = []

    def number(key: str, value: Any, default: int) -> int:
        if isinstance(value, (int, float)) or (isinstance(value, str) and value.isdecimal()):
            return int(value)
        if value is not None:
            unknown.append(f"{key}: {default} is taken")
        return default

    given = properties.get("Environment") or {}
    variables = given.get("Variables", {}) if isinstance(given, Mapping) and given.keys() <= {"Variables"} else None
    if not isinstance(variables, Mapping) or any(key == "Ref" or key.startswith("Fn::") for key in variables):
        unknown.append("the environment: no variable is set; give them with --env NAME=VALUE")
        variables = {}
    environment = {key: _text(value) for key, value in variables.items() if isinstance(value, (str, int, float, bool))}
    unknown += [f"the variable {key}: it is not set; give it with --env {key}=VALUE" for key in variables if key not in environment]
    for key, value in (("Command", declared.command), ("EntryPoint", declared.entrypoint), ("WorkingDirectory", declared.workdir)):
        if value is None:
            unknown.append(f"ImageConfig.{key}: the image decides it")
    if declared.architecture is None:
        unknown.append(f"Architectures: {DEFAULT_ARCHITECTURE} is taken")
    function_name = properties.get("FunctionName")
    return RunSettings(
        name=function_name if isinstance(function_name, str) and "${" not in function_name else re.sub(r"[^A-Za-z0-9_-]", "-", name),
        architecture=declared.architecture or DEFAULT_ARCHITECTURE,
        command=declared.command or (),
        entrypoint=declared.entrypoint or (),
        workdir=declared.workdir or "",
        environment=environment,
        memory_mb=number("MemorySize", properties.get("MemorySize"), DEFAULT_MEMORY_MB),
        timeout_s=number("Timeout", properties.get("Timeout"), DEFAULT_TIMEOUT_S),
        tmp_mb=number("EphemeralStorage.Size", _mapping(properties.get("EphemeralStorage")).get("Size"), DEFAULT_TMP_MB),
        region=region,
        unknown=tuple(unknown),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
