"""What the project's files become in an image, as far as it is known before a build."""

from __future__ import annotations

from optimizer.builders.layer import places
from optimizer.model.plan import BuildPlan, Stage
from optimizer.planning.handler import ImageFiles
from optimizer.project.files import Project

# No source file of a person is as large; a bundle that is, is not looked into.
_READ_MAX = 4 << 20
_COPIED = ("file", "executable")


def image_files(plan: BuildPlan, project: Project, *, foreign_base: bool) -> ImageFiles:
    """The files of a plan's layers, for a look at its handlers.

    ``foreign_base`` says that the base is not one of AWS's, and so may hold
    code of its own.
    """
    modes: dict[str, str] = {}
    sources: dict[str, str] = {}
    others: list[str] = []
    complete = not foreign_base
    made: set[str] = set()
    for name in plan.layers:
        stage = plan.stage(name)
        packed = stage.packed()
        if packed is not None:
            place = places(packed.files)
            for source, mode in project.modes(packed.files.source, packed.files.exclude).items():
                path = f"/{place(source)}"
                sources[path], modes[path] = source, mode
            continue
        if files := stage.recipe.made_files():
            made.update(files)
            continue
        texts = _texts(stage, project)
        complete = complete and texts is not None
        others += texts or ()

    def read(path: str) -> bytes | None:
        return project.read_small(sources[path], _READ_MAX) if modes.get(path) in _COPIED else None

    # A link may lead to anything, a directory of code too.
    complete = complete and "symlink" not in modes.values()
    paths = frozenset(path for path, mode in modes.items() if mode in _COPIED) | made
    return ImageFiles(paths=paths, read=read, others=others, complete=complete, environment=plan.environment)


def _texts(stage: Stage, project: Project) -> list[str] | None:
    """The lock files and manifests of a stage; None when it makes its tree from something else, too."""
    inputs = list(stage.plain_inputs())
    if not inputs or any(item.directory for item in inputs):
        return None
    texts = [project.read_small(item.source, _READ_MAX) for item in inputs]
    return None if None in texts else [text.decode("utf-8", "replace") for text in texts if text is not None]
