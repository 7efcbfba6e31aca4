"""Every rule: one folder for each family, one file for each rule.

A module in a folder here is a rule, and holds it as ``RULE``.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from optimizer.linting.rule import Rule


def _found() -> Iterator[Rule]:
    for folder in iter_modules(__path__):
        family = import_module(f"{__name__}.{folder.name}")
        for module in iter_modules(family.__path__):
            yield import_module(f"{family.__name__}.{module.name}").RULE


RULES: tuple[Rule, ...] = tuple(sorted(_found(), key=lambda rule: rule.id))
"""Sorted by id. An id keeps its meaning for ever; one that is taken out is not used again."""
