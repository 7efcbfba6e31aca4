"""Node.js packages from the lock files of npm, yarn and pnpm."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

from optimizer.errors import Fault
from optimizer.locks.local import Local
from optimizer.locks.managers import lock_names
from optimizer.model.inputs import Input
from optimizer.model.plan import Stage
from optimizer.model.recipes.content import PackedFiles
from optimizer.model.reference import ImageReference
from optimizer.model.steps import NodeDependencies
from optimizer.toolchains.content import CODE_CACHES
from optimizer.toolchains.nodejs_check import check_project
from optimizer.toolchains.nodejs_platform import on_target
from optimizer.toolchains.nodejs_project import NodeProject, read_project
from optimizer.toolchains.nodejs_recipe import node_recipe
from optimizer.toolchains.toolchain import Rank, StepContext, Target, beside, missing_file

_BUN = ("bun.lock", "bun.lockb")


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
        name = posixpath.basename(step.lock)
        if name not in lock_names("nodejs"):
            yield Fault(
                f'"{step.lock}" is not a supported lock file; allowed: {", ".join(lock_names("nodejs"))}',
                "lock",
                "create one with bun install --yarn or npm install --package-lock-only, and set lock to it"
                if name in _BUN
                else "set lock to the lock file, not to package.json",
            )
            return
        manifest = beside(step.lock, "package.json")
        missing = [
            *missing_file(context, step.lock, "lock", "the lock file", "create it with npm install, yarn install or pnpm install"),
            *missing_file(context, manifest, "lock", f"{name} needs its project file, and", "put it beside the lock file"),
        ]
        yield from missing
        yield from _credentials(beside(step.lock, ".npmrc"), context)
        if not missing:
            yield from check_project(read_project(step, context))

    def local(self, step: NodeDependencies, context: StepContext) -> Iterable[Local]:
        return read_project(step, context).local()

    def warnings(self, step: NodeDependencies, context: StepContext) -> Iterable[str]:
        project = read_project(step, context)
        nested = project.installed.nested
        if project.importer != "." and (nested or project.is_needed_itself):
            names = ", ".join(nested[:3]) + (f" and {len(nested) - 3} more" if len(nested) > 3 else "")
            place = project.image_path(project.importer)
            what = f"the lock puts {names} there, for it only" if nested else "other packages need it there"
            yield (
                f'{context.name}: put the code of "{step.package}" at {place} '
                f'(SourceCode("{project.path(project.importer)}", to="{place}")): {what}'
            )

    def installers(self, step: NodeDependencies, context: StepContext) -> Sequence[str]:
        project = read_project(step, context)
        return ({"npm": "npm", "pnpm": "pnpm", "yarn": "Yarn 1" if project.classic else "Yarn"}[project.tool], "npm")

    def stages(self, step: NodeDependencies, context: StepContext) -> Sequence[Stage]:
        project = read_project(step, context)
        packages = Stage(
            name=context.name,
            step=context.name,
            title=f"Node.js packages of {step.package + ' in ' if step.package else ''}{step.lock}",
            stability=context.stability,
            origin=context.target.image,
            on_target=on_target(project),
            recipe=node_recipe(project),
        )
        return [packages, *_local_packages(project)]


def _credentials(npmrc: str, context: StepContext) -> Iterator[Fault]:
    if context.project.kind(npmrc) != "file":
        return
    for number, line in enumerate(context.project.read_text(npmrc).splitlines(), 1):
        if ("_authToken" in line or "_password" in line or "_auth=" in line) and "${" not in line:
            yield Fault(
                f"{npmrc}:{number} holds a credential",
                "lock",
                'write it as "${NAME}" and pass BuildSecret("npm", from_env="NAME", to_env="NAME")',
            )


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
