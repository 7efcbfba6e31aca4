"""The ``[defaults]`` table of a configuration file: what specifications have unless they say otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from optimizer.errors import ConfigurationError, Fault, did_you_mean
from optimizer.model.architectures import ARCHITECTURES
from optimizer.model.defaults import SPEC_FIELDS, STEP_FIELDS, SpecDefaults
from optimizer.model.fields import FieldFault, FieldType
from optimizer.model.spec import ImageSpec
from optimizer.model.steps import step_kinds

Place = Callable[..., str]
"""The place of a key below ``defaults``, given as its names, in the words of its user."""


def read_defaults(value: Any, place: Place) -> SpecDefaults:
    """The defaults that plain data sets; raises :class:`ConfigurationError` with a fault for each that is wrong."""
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{value!r} is not a table", place(), "write [defaults]")
    faults: list[Fault] = []
    own: dict[str, Any] = {}
    steps: list[tuple[str, str, Any]] = []
    allowed = (*SPEC_FIELDS, *STEP_FIELDS)
    for name, given in value.items():
        if name in SPEC_FIELDS:
            _take(own, ImageSpec, name, given, place, faults, name)
            if name == "architecture" and own.get(name, ARCHITECTURES[0]) not in ARCHITECTURES:
                message = f'unknown architecture "{given}"; allowed: {", ".join(ARCHITECTURES)}'
                faults.append(Fault(message, place(name), did_you_mean(given, ARCHITECTURES)))
        elif name not in STEP_FIELDS:
            hint = did_you_mean(str(name).replace("_", "-"), allowed) or did_you_mean(str(name), allowed)
            faults.append(Fault(f'unknown key "{name}"; allowed: {", ".join(allowed)}', place(name), hint))
        elif not isinstance(given, Mapping):
            faults.append(Fault(f"{given!r} is not a table", place(name), f"write [defaults.{name}]"))
        else:
            steps += _of_step(name, given, place, faults)
    if faults:
        raise ConfigurationError(faults)
    return SpecDefaults(
        architecture=own.get("architecture"), labels=own.get("labels", ()), steps=tuple(sorted(steps, key=lambda item: item[:2]))
    )


def defaults_schema() -> dict[str, Any]:
    """JSON Schema of the table."""
    properties: dict[str, Any] = {name: dict(_type(ImageSpec, name).schema) for name in SPEC_FIELDS}
    for kind, names in STEP_FIELDS.items():
        own = {name: dict(_type(step_kinds()[kind], name).schema) for name in names}
        properties[kind] = {"type": "object", "properties": own, "additionalProperties": False}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _of_step(kind: str, values: Mapping[Any, Any], place: Place, faults: list[Fault]) -> list[tuple[str, str, Any]]:
    found: dict[str, Any] = {}
    for name, given in values.items():
        if name in STEP_FIELDS[kind]:
            _take(found, step_kinds()[kind], name, given, place, faults, kind, name)
        else:
            allowed = ", ".join(STEP_FIELDS[kind])
            faults.append(Fault(f'unknown key "{name}"; allowed: {allowed}', place(kind, name), did_you_mean(str(name), STEP_FIELDS[kind])))
    return [(kind, name, item) for name, item in found.items()]


def _take(into: dict[str, Any], cls: type, name: str, value: Any, place: Place, faults: list[Fault], *keys: str) -> None:
    try:
        into[name] = _type(cls, name).read(value)
    except FieldFault as fault:
        faults.append(Fault(fault.message, place(*keys) + fault.place, fault.hint))


def _type(cls: type, name: str) -> FieldType:
    (item,) = (item for item in fields(cls) if item.name == name)
    found = item.metadata["type"]
    assert isinstance(found, FieldType)
    return found
