"""The defaults of a project, in a specification that does not say otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from optimizer.model.defaults import SpecDefaults
from optimizer.model.fields import is_unset
from optimizer.model.spec import ImageSpec
from optimizer.model.steps import Step
from optimizer.toolchains.installers import INSTALLERS

_INDEXES = frozenset(variable for installer in INSTALLERS.values() for variable in installer.indexes)


def with_defaults(spec: ImageSpec, defaults: SpecDefaults) -> ImageSpec:
    """The spec with the defaults where nothing is set; what the spec sets wins, labels one by one."""
    changes: dict[str, Any] = {}
    if defaults.architecture is not None and is_unset(spec, "architecture"):
        changes["architecture"] = defaults.architecture
    labels = {**dict(defaults.labels), **dict(spec.labels)}
    if labels != dict(spec.labels):
        changes["labels"] = labels
    steps = tuple(_step(step, defaults) for step in spec.steps)
    if any(new is not old for new, old in zip(steps, spec.steps, strict=True)):
        changes["steps"] = steps
    return replace(spec, **changes) if changes else spec


def _step(step: Step, defaults: SpecDefaults) -> Step:
    values = {field: value for field, value in defaults.of_step(step.kind).items() if is_unset(step, field)}
    # A secret that holds the index sets it too, and an installer uses one of the two.
    if any(secret.to_env in _INDEXES for secret in getattr(step, "secrets", ())):
        values = {field: value for field, value in values.items() if field not in ("index_url", "registry")}
    return replace(step, **values) if values else step
