"""First-party packages that a lock names by path: each is built by its own backend, in a stage and a layer of its own."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.locks.python import Package, Registry
from optimizer.model.plan import CopyInputs, Input, Run, Stage
from optimizer.model.stability import Stability
from optimizer.model.steps import PythonDependencies
from optimizer.toolchains.content import CODE_CACHES
from optimizer.toolchains.python_install import CACHES, NO_CACHE, SOURCE, TASK, build_index, get_uv, uv_install
from optimizer.toolchains.python_reading import project_at
from optimizer.toolchains.python_scripts import forget
from optimizer.toolchains.secrets import with_index_of_pip, with_variables
from optimizer.toolchains.system import build_tools
from optimizer.toolchains.toolchain import StepContext, compiled, normalise

# What backends leave beside the code; an old one would end in the package.
_LEFT_BEHIND = ("build", "dist", "**/*.egg-info")
_CONSTRAINTS = "/tmp/build.txt"
_WHEELS = "/tmp/wheels"


def source_stage(source: Package, step: PythonDependencies, context: StepContext, registries: tuple[Registry, ...]) -> Stage:
    """The stage whose tree is one first-party package, without its dependencies."""
    project = project_at(source.location, context)
    directory = f"{SOURCE}/{source.name}"
    pins, _ = project.constraints()
    needs_target = "" if project.pure else f"{source.name} may compile for the platform that it is built on"
    return Stage(
        name=f"{context.name}-{source.name}",
        step=context.name,
        title=f"Python package {source.name} of {source.location}",
        stability=step.stability or Stability.DAILY,
        origin=context.target.image,
        needs_target=needs_target or ("its build packages compile for the platform that they run on" if step.build_packages else ""),
        actions=(
            *build_tools(context.target.base, step.build_packages),
            Run(commands=get_uv(step), shared_caches=CACHES["pip"], secrets=step.secrets),
            # Backends write beside the code that they build.
            CopyInputs(inputs=(Input(source=source.location, target=directory, directory=True, exclude=(*CODE_CACHES, *_LEFT_BEHIND)),)),
            Run(
                commands=(
                    *((("sh", "-c", f'printf "%s\\n" "$@" > {_CONSTRAINTS}', "write", *pins),) if pins else ()),
                    with_variables(
                        (
                            *("python", "-m", "uv", "build", "--quiet", "--wheel", "--no-sources", "--python", "python"),
                            *(("--build-constraints", _CONSTRAINTS) if pins else ()),
                            *(*build_index(step, registries), "--out-dir", _WHEELS, directory),
                        )
                    ),
                    # By its name, so that no metadata tells where the package was built.
                    (
                        *(*uv_install(context.target), "--target", TASK, NO_CACHE, "--no-deps", "--no-index", "--prerelease", "allow"),
                        *("--find-links", _WHEELS, source.name),
                    ),
                    ("rm", "-f", f"{TASK}/.lock"),
                    forget(),
                    *compiled(context.target),
                    normalise("python"),
                ),
                shared_caches=CACHES["uv"],
                secrets=with_index_of_pip(step.secrets),
            ),
        ),
    )


def source_warnings(source: Package, context: StepContext) -> Iterator[str]:
    """What could make another layer of the same package."""
    _, open_ends = project_at(source.location, context).constraints()
    if open_ends:
        names = ", ".join(f'"{text}"' for text in open_ends)
        yield (
            f'{source.location}/pyproject.toml builds with {names}, which nothing pins: the layer of "{source.name}" may differ '
            "when a new release appears; write an exact version into its build-system.requires"
        )
