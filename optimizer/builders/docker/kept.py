"""The plan of an image as it is kept beside its build context."""

from __future__ import annotations

from optimizer.builders.docker.context import BuildContext
from optimizer.model.plan import BuildPlan
from optimizer.planning.document import KeptPlan, text_digest
from optimizer.planning.keys import stage_keys
from optimizer.project.files import Project


def kept_plan(plan: BuildPlan, context: BuildContext, project: Project) -> KeptPlan:
    """A plan with what is known of its image, whose build context is that one.

    Raises ContextError for inputs that cannot be read.
    """
    return KeptPlan(
        plan=plan,
        keys=stage_keys(plan, project),
        dockerfile=text_digest(context.dockerfile),
        contents=context.contents,
    )
