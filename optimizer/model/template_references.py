"""What values of a CloudFormation template refer to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

PROVISIONED = "lambda:function:ProvisionedConcurrency"
"""What Application Auto Scaling calls the provisioned concurrency of a version or an alias."""

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9]+)")


def references(value: Any) -> Iterator[str]:
    """The logical ids to which a value of a template refers, wherever in it."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key in ("Ref", "Fn::GetAtt"):
                yield referred({key: item})
            elif key == "Fn::Sub":
                yield from _PLACEHOLDER.findall(item[0] if isinstance(item, list) and item and isinstance(item[0], str) else str(item))
            else:
                yield from references(item)


def referred(value: Any) -> str:
    """The logical id or the name by which a property names a function; empty where neither is known."""
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping) or len(value) != 1:
        return ""
    name, argument = next(iter(value.items()))
    if name == "Ref":
        return str(argument)
    if name == "Fn::GetAtt":
        return str(argument[0]) if isinstance(argument, list) and argument else str(argument).partition(".")[0]
    if name == "Fn::Sub" and isinstance(argument, str) and argument.startswith("${") and argument.endswith("}"):
        return argument[2:-1].partition(".")[0]
    return ""
