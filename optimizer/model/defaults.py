"""What specifications of a project have unless they say otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SPEC_FIELDS = ("architecture", "labels")
"""Fields of a specification that may have another default."""

STEP_FIELDS: Mapping[str, tuple[str, ...]] = {
    "python-dependencies": ("index_url", "slim"),
    "node-dependencies": ("registry", "slim"),
    "node-build": ("registry",),
}
"""Fields of steps that may have another default, by kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecDefaults:
    """Defaults in place of those of the fields.

    ``architecture`` is None for the field's own.  ``labels`` are sorted, and
    an image has each that its spec does not set.  ``steps`` are kind of step,
    field and value in its normal form, sorted.
    """

    architecture: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    steps: tuple[tuple[str, str, Any], ...] = ()

    def over(self, base: SpecDefaults) -> SpecDefaults:
        """These defaults, and those of ``base`` where these have none."""
        steps = {(kind, field): value for kind, field, value in (*base.steps, *self.steps)}
        return SpecDefaults(
            architecture=self.architecture or base.architecture,
            labels=tuple(sorted({**dict(base.labels), **dict(self.labels)}.items())),
            steps=tuple((*key, value) for key, value in sorted(steps.items(), key=lambda item: item[0])),
        )

    def of_step(self, kind: str) -> Mapping[str, Any]:
        """The values for a kind of step, by field."""
        return {field: value for name, field, value in self.steps if name == kind}
