"""Node.js packages from the lock files of npm, yarn and pnpm."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

from optimizer.errors import Fault
from optimizer.locks.local import Local
from optimizer.locks.pins import NotPinned
from optimizer.model.inputs import Input
from optimizer.model.plan import LockedBy, Stage
from optimizer.model.recipes.content import PackedFiles
from optimizer.model.reference import ImageReference
from optimizer.model.steps import NodeDependencies
from optimizer.toolchains.content import CODE_CACHES
from optimizer.toolchains.nodejs_check import check_project, credential_faults, lock_faults, script_warnings
from optimizer.toolchains.nodejs_parts import ECOSYSTEM, part_stages
from optimizer.toolchains.nodejs_platform import on_target
from optimizer.toolchains.nodejs_project import NodeProject, read_project
from optimizer.toolchains.nodejs_recipe import node_recipe
from optimizer.toolchains.toolchain import Rank, StepContext, Target


class NodeToolchain:
    """``npm ci`` and its peers in a stage on the runtime's own base, so that binaries match its C library.

    The local packages of a workspace are code, each in a layer of its own.
    """

    families: tuple[str, ...] = ("nodejs",)
    rank: int = Rank.NODE_DEPENDENCIES
    sees_trees: bool = False

    def images(self, step: NodeDependencies, target: Target) -> tuple[ImageReference, ...]:
        return ()

    def check(self, step: NodeDependencies, context: StepContext) -> Iterable[Fault]:
        faults = list(lock_faults(step.lock, context))
        yield from faults
        yield from credential_faults(step.lock, context)
        if not faults:
            yield from check_project(read_project(step, context))

    def local(self, step: NodeDependencies, context: StepContext) -> Iterable[Local]:
        return read_project(step, context).local()

    def warnings(self, step: NodeDependencies, context: StepContext) -> Iterable[str]:
        project = read_project(step, context)
        yield from script_warnings(project)
        nested = project.installed.nested
        if project.importer != "." and (nested or project.is_needed_itself):
            names = ", ".join(nested[:3]) + (f" and {len(nested) - 3} more" if len(nested) > 3 else "")
            place = project.image_path(project.importer)
            what = f"the lock puts {names} there, for it only" if nested else "other packages need it there"
            yield (
                f'{context.name}: put the code of "{step.package}" at {place} '
                f'(SourceCode("{project.path(project.importer)}", to="{place}")): {what}'
            )
        _, why = _divided(_packages(project), project)
        if why:
            yield f"{step.lock} stays one layer, although the packing of optimizer.lock divides such locks: {why}"

    def installers(self, step: NodeDependencies, context: StepContext) -> Sequence[str]:
        return installers(read_project(step, context))

    def stages(self, step: NodeDependencies, context: StepContext) -> Sequence[Stage]:
        project = read_project(step, context)
        packages = _packages(project)
        parts, _ = _divided(packages, project)
        return [*(parts or (packages,)), *_local_packages(project)]


def _packages(project: NodeProject) -> Stage:
    """The stage of everything that is not code of the project."""
    step, context = project.step, project.context
    return Stage(
        name=context.name,
        step=context.name,
        title=f"Node.js packages of {step.package + ' in ' if step.package else ''}{step.lock}",
        stability=context.stability,
        origin=context.target.image,
        on_target=on_target(project),
        locked_by=_locked_by(project),
        recipe=node_recipe(project),
    )


def _divided(whole: Stage, project: NodeProject) -> tuple[tuple[Stage, ...], str]:
    """The stages of the lock's parts, none where it stays whole, and why it does although the packing divides such locks."""
    if not project.context.packing.of(ECOSYSTEM):
        return (), ""
    try:
        return part_stages(whole, project), ""
    except NotPinned as error:
        return (), str(error)


def _locked_by(project: NodeProject) -> LockedBy | None:
    """The lock, where it tells each package that is installed."""
    if project.installed.packages is None:
        return None
    return LockedBy(ecosystem="nodejs", path=posixpath.normpath(project.step.lock), package=project.step.package)


def installers(project: NodeProject) -> Sequence[str]:
    """The program that installs from the lock, and npm, which brings it into the stage."""
    return ({"npm": "npm", "pnpm": "pnpm", "yarn": "Yarn 1" if project.classic else "Yarn"}[project.tool], "npm")


def _local_packages(project: NodeProject) -> Iterator[Stage]:
    """A layer for each package of the project that the installed ones need."""
    taken = {project.context.name}
    for path in project.needs:
        below = [other.removeprefix(f"{path}/") for other in project.members if other.startswith(f"{path}/")]
        for place in project.places(path):
            slug = re.sub(r"[^a-z0-9]+", "-", place.lower()).strip("-")
            name = base = f"{project.context.name}-{slug}"
            number = 2
            while name in taken:
                name, number = f"{base}-{number}", number + 1
            taken.add(name)
            files = Input(
                source=project.path(path), target=project.image_path(place), directory=True, exclude=(*CODE_CACHES, *sorted(below))
            )
            yield Stage(
                name=name,
                step=project.context.name,
                title=f"Code of {project.name(path)} in {project.path(path)}",
                stability=project.step.code_stability,
                origin=project.context.target.image,
                recipe=PackedFiles(files=files),
            )
