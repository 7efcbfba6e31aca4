"""The JSON Schema of configuration files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optimizer.config.defaults import defaults_schema
from optimizer.config.files import CONVENTIONS, SETTINGS
from optimizer.config.keys import BUDGET_KEYS, SUPPRESSION_KEYS, Shape, keys_of
from optimizer.config.tools import tools_schema
from optimizer.linting.rule import Rule


def configuration_schema(rules: Sequence[Rule]) -> dict[str, Any]:
    """JSON Schema, draft 2020-12, of ``optimizer.toml``."""
    properties: dict[str, Any] = {}
    for key in keys_of(rules):
        schema: dict[str, Any] = dict(key.type.schema)
        if key.shape in (Shape.LIST, Shape.ADDED_LIST):
            schema = {"type": "array", "items": schema}
        elif key.shape is Shape.TABLE:
            assert key.names is not None
            schema = {"type": "object", "propertyNames": dict(key.names.schema), "additionalProperties": schema}
        elif key.shape is Shape.TABLES:
            schema = {"type": "array", "items": _suppression_schema(schema)}
        elif key.shape is Shape.NEARER_TABLES:
            schema = {"type": "array", "items": _budget_schema(schema)}
        properties[key.name] = {"description": key.doc, **schema}
    text = {"type": "string", "minLength": 1}
    special: Mapping[str, Any] = {
        "mirror": {"oneOf": [text, {"type": "object", "additionalProperties": text}]},
        "cache": {"type": "object"},
        "tools": tools_schema(),
        "defaults": defaults_schema(),
    }
    top = {
        "extends": {"description": 'The file that this one extends: a path inside the project, or "package:file".', **text},
        **{name: {"description": doc, **special.get(name, text)} for name, doc in SETTINGS.items()},
        CONVENTIONS: {
            "description": "The conventions that images are checked against.",
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
        },
        "$schema": {"type": "string"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of the Lambda image optimizer",
        "type": "object",
        "properties": top,
        "additionalProperties": False,
    }


def _budget_schema(limit: Mapping[str, Any]) -> dict[str, Any]:
    schemas: Mapping[str, Any] = {"construct": {"type": "string", "minLength": 1}, "max_growth_percent": {"type": "number", "minimum": 0}}
    return {
        "type": "object",
        "properties": {name: {"description": doc, **schemas.get(name, limit)} for name, doc in BUDGET_KEYS.items()},
        "minProperties": 1,
        "additionalProperties": False,
    }


def _suppression_schema(rule: Mapping[str, Any]) -> dict[str, Any]:
    text = {"type": "string", "minLength": 1}
    schemas: Mapping[str, Any] = {
        "rules": {"type": "array", "minItems": 1, "items": rule},
        "until": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    }
    return {
        "type": "object",
        "properties": {name: {"description": doc, **schemas.get(name, text)} for name, doc in SUPPRESSION_KEYS.items()},
        "required": ["rules", "reason"],
        "additionalProperties": False,
    }
