"""What the functions of a template have in common, and how each of them adds to it.

Source: samtranslator/plugins/globals/globals.py of https://github.com/aws/serverless-application-model
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_REPLACED = ("Architectures",)
"""Lists of a function that stand in place of those of all functions; others are added to them."""


def with_common(
    common: Mapping[str, Any], own: Mapping[str, Any], *, written: tuple[Mapping[str, Any], Mapping[str, Any]]
) -> dict[str, Any]:
    """The properties of a function with those of all functions.

    ``common`` and ``own`` are resolved, and ``written`` are both as the template
    has them: mappings are merged and lists put together where both are written
    as such, whatever an intrinsic function would give.
    """
    of_all, of_function = written
    merged = {**{key: value for key, value in common.items() if key not in of_function}, **own}
    for key in common.keys() & own.keys() & of_all.keys() & of_function.keys():
        texts, values = (of_all[key], of_function[key]), (common[key], own[key])
        if all(map(_is_plain_mapping, texts)) and all(isinstance(value, Mapping) for value in values):
            merged[key] = with_common(*values, written=texts)
        elif all(isinstance(value, list) for value in (*texts, *values)) and key not in _REPLACED:
            merged[key] = [*common[key], *own[key]]
    return merged


def _is_plain_mapping(value: Any) -> bool:
    """Whether a value is a mapping, and no intrinsic function."""
    if not isinstance(value, Mapping):
        return False
    name = next(iter(value)) if len(value) == 1 else ""
    return not (name in ("Ref", "Condition") or name.startswith("Fn::"))
