"""Every rule, one file each; a file in this package is a rule."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from optimizer.lint.rule import Rule


def _found() -> list[Rule]:
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    return sorted((module.RULE for module in modules), key=lambda rule: rule.id)


RULES: tuple[Rule, ...] = tuple(_found())
"""Sorted by id. An id keeps its meaning for ever; one that is taken out is not used again."""
