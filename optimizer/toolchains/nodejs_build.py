"""TypeScript and JavaScript that is built: the packages for the build in one stage, what is made in another."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence

from optimizer.errors import Fault
from optimizer.locks.local import Local
from optimizer.model.plan import OnTarget, Stage
from optimizer.model.recipes.nodejs import NodeBundles, NodeScriptOutput
from optimizer.model.recipes.recipe import Recipe
from optimizer.model.reference import ImageReference
from optimizer.model.stability import Stability
from optimizer.model.steps import NodeBuild, NodeDependencies
from optimizer.toolchains.nodejs import installers
from optimizer.toolchains.nodejs_build_check import build_faults
from optimizer.toolchains.nodejs_package import NodePackage, bundle_names, lock_of, read_package
from optimizer.toolchains.nodejs_project import WORKDIR
from optimizer.toolchains.nodejs_recipe import development_recipe
from optimizer.toolchains.toolchain import Rank, StepContext, Target

_NATIVE = OnTarget("its build is not portable")
_ENABLE = "--enable-source-maps"


class NodeBuildToolchain:
    """A stage on the runtime's own base with all packages of the lock, and one on top of it that builds."""

    families: tuple[str, ...] = ("nodejs",)
    rank: int = Rank.NODE_BUILD
    sees_trees: bool = True

    def images(self, step: NodeBuild, target: Target) -> tuple[ImageReference, ...]:
        return ()

    def check(self, step: NodeBuild, context: StepContext) -> Iterable[Fault]:
        return build_faults(step, context)

    def local(self, step: NodeBuild, context: StepContext) -> Iterable[Local]:
        return read_package(step, context).project.local()

    def installers(self, step: NodeBuild, context: StepContext) -> Sequence[str]:
        return installers(read_package(step, context).project)

    def warnings(self, step: NodeBuild, context: StepContext) -> Iterable[str]:
        package = read_package(step, context)
        yield from _script_warnings(package)
        if step.source_maps and _ENABLE not in dict(context.environment).get("NODE_OPTIONS", ""):
            yield (
                f"{context.name}: Node.js reads source maps only with {_ENABLE}: "
                f'set environment={{"NODE_OPTIONS": "{_ENABLE}"}} of the specification, or the variable of the function'
            )
        missing = _missing_packages(package)
        if missing:
            yield (
                f"{context.name}: {missing}, and no step brings packages: add NodeDependencies"
                f'("{lock_of(step, context)}"{package.member_argument}), or build with entries in place of script'
            )

    def stages(self, step: NodeBuild, context: StepContext) -> Sequence[Stage]:
        package = read_package(step, context)
        on_target = None if step.portable else _NATIVE
        packages = Stage(
            name=f"{context.name}-packages",
            step=context.name,
            title=f"All Node.js packages of {package.project.step.lock}, for development too",
            # A release of the code seldom touches them.
            stability=min(Stability.MONTHLY, context.stability),
            origin=context.target.image,
            on_target=on_target,
            recipe=development_recipe(package.project, bundles=step.script is None),
        )
        made = f'script "{step.script}"' if step.script else f"esbuild of {', '.join(step.entries)}"
        build = Stage(
            name=context.name,
            step=context.name,
            title=f"Made in {step.source} by {made}"[:100],
            stability=context.stability,
            origin=packages.name,
            on_target=on_target,
            recipe=_recipe(package),
        )
        return [packages, build]


def _recipe(package: NodePackage) -> Recipe:
    step = package.step
    workdir = package.project.stage_path(step.source)
    if step.script is not None:
        return NodeScriptOutput(
            workdir=workdir,
            installer="yarn-classic" if package.project.classic else package.project.tool,
            script=step.script,
            output=step.output,
            to=step.to,
            environment=step.environment,
            modules=package.manifest.modules,
            copies=package.copies(),
        )
    runtime = package.project.context.target.base.runtime
    return NodeBundles(
        workdir=workdir,
        root=WORKDIR,
        entries=tuple(bundle_names(step.entries).items()),
        to=step.to,
        format=step.format or ("esm" if package.manifest.modules else "cjs"),
        target=f"node{runtime.removeprefix('nodejs').partition('.')[0]}",
        external=step.external,
        minify=step.minify,
        source_maps=step.source_maps,
        copies=package.copies(),
    )


def _script_warnings(package: NodePackage) -> Iterator[str]:
    """The scripts that a person's installation runs and the image's does not."""
    project = package.project
    for path in dict.fromkeys((".", project.importer)):
        for name, script in project.scripts(path).others.items():
            manifest = project.path(posixpath.join(path, "package.json"))
            yield (
                f'{project.context.name}: the script "{name}" of {manifest} runs "{script}", which the installation for the build does not run; '
                "let the script that builds call it, where it needs what that makes"
            )


def _missing_packages(package: NodePackage) -> str:
    """Why the image seems to lack packages that the code imports; empty where it does not, or nobody can tell."""
    step, production = package.step, package.manifest.production
    if any(isinstance(other, NodeDependencies) for other in package.project.context.steps):
        return ""
    if step.script is None:
        outside = [name for name in step.external if name in production]
        return f"external leaves {', '.join(outside)} out of the bundle" if outside else ""
    if not production or package.manifest.bundles(step.script) is not False:
        return ""
    return f'the script "{step.script}" compiles only, which leaves {", ".join(production[:3])} to be imported'
