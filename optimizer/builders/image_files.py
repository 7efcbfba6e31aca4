"""What the project's files become in an image, as far as it is known before a build."""

from __future__ import annotations

from optimizer.builders.docker.context import BuildContext
from optimizer.builders.docker.render import archive_path
from optimizer.builders.layer import Member
from optimizer.model.plan import BuildPlan, Stage
from optimizer.planning.handler import ImageFiles
from optimizer.project.files import Project

# No source file of a person is as large; a bundle that is, is not looked into.
_READ_MAX = 4 << 20
_COPIED = ("file", "executable")


def image_files(plan: BuildPlan, context: BuildContext, project: Project, *, foreign_base: bool) -> ImageFiles:
    """The files of a plan's layers, for a look at its handlers.

    ``foreign_base`` says that the base is not one of AWS's, and so may hold
    code of its own.
    """
    members: dict[str, Member] = {}
    others: list[str] = []
    complete = not foreign_base
    for name in plan.layers:
        stage = plan.stage(name)
        if stage.packed() is not None:
            for member in context.archives[archive_path(name)]:
                members[f"/{member.path}"] = member
            continue
        texts = _texts(stage, project)
        complete = complete and texts is not None
        others += texts or ()

    def read(path: str) -> bytes | None:
        entry = members[path].entry
        return project.read_small(entry.path, _READ_MAX) if entry is not None and members[path].mode in _COPIED else None

    # A link may lead to anything, a directory of code too.
    complete = complete and not any(member.mode == "symlink" for member in members.values())
    paths = frozenset(path for path, member in members.items() if member.mode in _COPIED)
    return ImageFiles(paths=paths, read=read, others=others, complete=complete, environment=plan.environment)


def _texts(stage: Stage, project: Project) -> list[str] | None:
    """The lock files and manifests of a stage; None when it makes its tree from something else, too."""
    inputs = list(stage.plain_inputs())
    if not inputs or any(item.directory for item in inputs):
        return None
    texts = [project.read_small(item.source, _READ_MAX) for item in inputs]
    return None if None in texts else [text.decode("utf-8", "replace") for text in texts if text is not None]
