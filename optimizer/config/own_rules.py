"""Rules of a company that a configuration file names.

A configuration names an entry point that an installed package declares in the
group ``lambda_image_optimizer.rules``, and never a module or a path: what is
checked may come from anybody, and no code of it runs.
Source: https://packaging.python.org/en/latest/specifications/entry-points/
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import EntryPoint, distributions
from typing import Any

from optimizer.config.installed import installed_only
from optimizer.errors import ConfigurationError, did_you_mean
from optimizer.linting.rule import Rule, own_rule_faults

GROUP = "lambda_image_optimizer.rules"
"""Where packages declare their rules: a name, and ``module:attribute`` of a sequence of them."""


def load_own_rules(name: str, place: str, known: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules behind an entry point, without those that are known already.

    ``place`` is where the name is written.  Raises :class:`ConfigurationError`
    for a name that no installed package declares, and for what cannot be
    imported or is no sequence of usable rules.
    """
    with installed_only() as path:
        found = [item for item in _entry_points(path) if item.name == name]
        if not found:
            names = sorted({item.name for item in _entry_points(path)})
            raise ConfigurationError(
                f'no installed package has the rules "{name}"; installed: {", ".join(names) or "none"}',
                place,
                did_you_mean(name, names) or f'install the package whose entry points "{GROUP}" have the name, beside the optimizer',
            )
        if len({item.value for item in found}) > 1:
            values = ", ".join(sorted({item.value for item in found}))
            raise ConfigurationError(f'several installed packages have the rules "{name}": {values}', place, "uninstall all but one")
        try:
            value: Any = found[0].load()
        except Exception as error:  # whatever code of others raises
            raise ConfigurationError(
                f'the rules "{name}" ({found[0].value}) cannot be loaded: {type(error).__name__}: {error}',
                place,
                "fix the package, or install the version of it that goes with this optimizer",
            ) from None
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise ConfigurationError(f'the rules "{name}" ({found[0].value}) are no list of rules', place, "name a list of Rule")
    own = [rule for rule in value if rule not in known]
    faults = [*own_rule_faults(known, own)]
    if faults:
        raise ConfigurationError(f'the rules "{name}" ({found[0].value}): {faults[0].message}', place, faults[0].hint)
    return tuple(own)


@cache
def _entry_points(path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    return tuple(item for found in distributions(path=list(path)) for item in found.entry_points if item.group == GROUP)
