"""The minimal, content-named build context."""

from __future__ import annotations

from optimizer.context.project import Project
from optimizer.context.staging import DOCKERFILE, BuildContext, build_context, stage_context

__all__ = ["DOCKERFILE", "BuildContext", "Project", "build_context", "stage_context"]
