"""What ``optimizer plan`` is asked about: the images of a specification, of a synthesized app or of a template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from optimizer.adapters.kinds import Kind
from optimizer.builders.docker.render import render
from optimizer.cli.planned import plan_spec
from optimizer.cli.planned_functions import PlannedFunction, function_of_spec, functions_of_app, functions_of_template
from optimizer.planning.document import KeptPlan, text_digest
from optimizer.planning.keys import stage_keys
from optimizer.project.files import Project
from optimizer.sam.config import DEFAULT_ENVIRONMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTarget:
    """The functions of a target; a specification is one function.

    ``specs`` are the specifications that were read, and ``planned_from`` is the
    project by which a specification was planned, None for the others.
    """

    subject: Path
    functions: tuple[PlannedFunction, ...]
    specs: tuple[Path, ...] = ()
    planned_from: Project | None = None

    @property
    def plans(self) -> Mapping[str, KeptPlan]:
        """The plans of the images, each once, by the tags of the images, sorted."""
        found = {function.row.image: function.kept for function in self.functions if function.kept is not None}
        return dict(sorted(found.items()))


def plan_target(subject: Path, kind: Kind, *, root: Path | None, lock: Path | None, mirror: str | None) -> PlanTarget:
    """The target; the options are those of the project.

    Raises :class:`OptimizerError`.
    """
    if kind is Kind.ASSEMBLY:
        return PlanTarget(subject=subject, functions=tuple(functions_of_app(subject)))
    if kind is Kind.TEMPLATE:
        functions = functions_of_template(str(subject), environment=DEFAULT_ENVIRONMENT, root=root, lock=lock, mirror=mirror)
        return PlanTarget(subject=subject, functions=tuple(functions), specs=(subject, *(item.spec for item in functions if item.spec)))
    made, project = plan_spec(subject, root=root, lock=lock, mirror=mirror)
    kept = KeptPlan(plan=made, keys=stage_keys(made, project), dockerfile=text_digest(render(made)))
    return PlanTarget(subject=subject, functions=(function_of_spec(str(subject), kept, project),), specs=(subject,), planned_from=project)
