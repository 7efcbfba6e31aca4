"""Python packages: every tool's lock becomes requirements with hashes, and one installer installs them."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator

from optimizer.builders.docker.actions import ContextFile, CopyInputs, Run, Script, StageBody
from optimizer.builders.docker.python_commands import (
    CACHES,
    EXPORTED,
    NO_CACHE,
    TASK,
    export_pipenv,
    export_poetry,
    export_uv,
    get_uv,
    index,
    installer,
    secrets_with_index_of_pip,
    uv_install,
    with_variables,
)
from optimizer.builders.docker.python_scripts import flatten, forget, overlaps
from optimizer.builders.docker.slim import remembered, slimmed
from optimizer.builders.docker.system import build_tools
from optimizer.builders.docker.tree_scripts import compiled, expected, normalise
from optimizer.model.plan import Stage
from optimizer.model.recipes.python import PinnedPackages, PythonPackages, PythonSource

_FULL_EXPORT = "/tmp/export.txt"
_CONSTRAINTS = "/tmp/build.txt"
_WHEELS = "/tmp/wheels"
_DIGITS = 12
_Command = tuple[str, ...] | Script


def python_packages(recipe: PythonPackages, stage: Stage) -> StageBody:
    """One run that installs everything; another before it, so that a changed lock finds the installer in the build cache."""
    command = installer(recipe)
    no_cache = (NO_CACHE,) if recipe.local_files and recipe.installer == "uv" else ()
    hashes = ("--require-hashes",) if recipe.hashed and recipe.lock_kind != "pylock.toml" else ()
    no_dependencies = ("--no-deps",) if recipe.without_dependencies else ()
    install = (*command, *(() if recipe.exported else no_cache), "--target", TASK, *no_dependencies, *hashes, *_chosen(recipe))
    export, requirements = _requirements(recipe)
    separate = tuple(_separate(recipe))
    with_uv = recipe.installer == "uv" or recipe.exported or bool(separate)
    tools = (Run(commands=get_uv(recipe), shared_caches=CACHES["pip"], secrets=recipe.secrets),) if with_uv else ()
    find_links = tuple(word for directory in recipe.find_links for word in ("--find-links", directory))
    return StageBody(
        actions=(
            *remembered("python", recipe.slim),
            *build_tools(recipe.build_packages),
            *tools,
            *((CopyInputs(inputs=recipe.copies),) if recipe.copies else ()),
            Run(
                commands=(
                    *expected(recipe.exact_programs),
                    *export,
                    (*install, "--requirement", requirements, *recipe.additional),
                    *separate,
                    *_finished(
                        recipe,
                        overlaps(
                            (*command, *no_cache, "--no-deps", *find_links), requirements if recipe.lock_kind == "requirements" else ""
                        ),
                        *((forget(),) if recipe.local_files else ()),
                    ),
                ),
                reads=recipe.reads,
                shared_caches=CACHES["uv" if with_uv else "pip"],
                secrets=secrets_with_index_of_pip(recipe.secrets) if with_uv else recipe.secrets,
            ),
        ),
    )


def pinned_packages(recipe: PinnedPackages, stage: Stage) -> StageBody:
    """As the packages of a whole lock are installed, but for what is not among them."""
    command = installer(recipe)
    requirements = _requirements_file(recipe)
    return StageBody(
        actions=(
            Run(commands=get_uv(recipe), shared_caches=CACHES["pip"], secrets=recipe.secrets),
            Run(
                commands=(
                    *expected(recipe.exact_programs),
                    (*command, "--target", TASK, "--no-deps", "--require-hashes", "--requirement", requirements.path),
                    *_finished(recipe, overlaps((*command, "--no-deps"), requirements.path)),
                ),
                files=(requirements,),
                shared_caches=CACHES["uv"],
                secrets=secrets_with_index_of_pip(recipe.secrets),
            ),
        ),
    )


def _requirements_file(recipe: PinnedPackages) -> ContextFile:
    """The requirements, in a file that is named by its content: equal ones of two images are one cache entry of a builder."""
    text = "".join(f"{line}\n" for line in (*recipe.options, *recipe.requirements))
    return ContextFile(name=f"{recipe.names[0]}-{hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]}.txt", text=text)


def _finished(recipe: PythonPackages | PinnedPackages, settle: Script, *more: _Command) -> tuple[_Command, ...]:
    """The commands that make one tree of what is installed, whoever installed it."""
    return (
        # What installers leave behind for themselves.
        ("rm", "-f", f"{TASK}/.lock"),
        settle,
        *more,
        *slimmed("python", recipe.slim),
        *compiled(recipe.bytecode),
        normalise("python"),
    )


def python_source(recipe: PythonSource, stage: Stage) -> StageBody:
    """A wheel that the package's backend builds, installed without its dependencies."""
    constraints = recipe.constraints
    return StageBody(
        actions=(
            *build_tools(recipe.build_packages),
            Run(commands=get_uv(recipe), shared_caches=CACHES["pip"], secrets=recipe.secrets),
            CopyInputs(inputs=recipe.copies),
            Run(
                commands=(
                    *((("sh", "-c", f'printf "%s\\n" "$@" > {_CONSTRAINTS}', "write", *constraints),) if constraints else ()),
                    with_variables(
                        (
                            *("python", "-m", "uv", "build", "--quiet", "--wheel", "--no-sources", "--python", "python"),
                            *(("--build-constraints", _CONSTRAINTS) if constraints else ()),
                            *(*index(recipe.build_indexes), "--out-dir", _WHEELS, recipe.directory),
                        )
                    ),
                    # By its name, so that no metadata tells where the package was built.
                    (
                        *(*uv_install(recipe.platform), "--target", TASK, NO_CACHE, "--no-deps", "--no-index", "--prerelease", "allow"),
                        *("--find-links", _WHEELS, recipe.name),
                    ),
                    ("rm", "-f", f"{TASK}/.lock"),
                    forget(),
                    *compiled(recipe.bytecode),
                    normalise("python"),
                ),
                shared_caches=CACHES["uv"],
                secrets=secrets_with_index_of_pip(recipe.secrets),
            ),
        ),
    )


def _chosen(recipe: PythonPackages) -> tuple[str, ...]:
    """What of pylock.toml its installer chooses; of other locks, the export has chosen already."""
    if recipe.lock_kind != "pylock.toml":
        return ()
    extras = (word for extra in recipe.extras for word in ("--extra", extra))
    # An editable package would be a link to a checkout that no image holds, and most tools write directories so.
    copied = ("--no-editable",) if recipe.copies else ()
    return (*copied, *extras, *(word for group in recipe.groups for word in ("--group", group)))


def _requirements(recipe: PythonPackages) -> tuple[tuple[_Command, ...], str]:
    """The commands that write the requirements, and their path."""
    project = posixpath.dirname(recipe.lock)
    output = EXPORTED if recipe.dropped_lines is None else _FULL_EXPORT
    rewrite = () if recipe.dropped_lines is None else (flatten(output, recipe.root, EXPORTED, recipe.dropped_lines),)
    match recipe.lock_kind:
        case "uv.lock":
            return (export_uv(recipe, project),), EXPORTED
        case "poetry.lock":
            return (export_poetry(recipe, project, output), *rewrite), EXPORTED
        case "Pipfile.lock":
            return (export_pipenv(recipe, project, output), *rewrite), EXPORTED
    if recipe.dropped_lines is None:
        return (), recipe.lock
    return (flatten(recipe.lock, recipe.root, EXPORTED, recipe.dropped_lines),), EXPORTED


def _separate(recipe: PythonPackages) -> Iterator[tuple[str, ...]]:
    """The commands for what has no hash, or is a file of the project: all of it is named by the lock, dependencies too."""
    install = (*uv_install(recipe.platform), "--target", TASK, "--no-deps")
    if recipe.wheels:
        links = (word for directory in recipe.find_links for word in ("--find-links", directory))
        yield (*install, NO_CACHE, "--no-index", *links, *recipe.wheels)
    options = (*(("--only-binary", ":all:") if recipe.wheels_only else ()), *index(recipe.build_indexes))
    if recipe.archives:
        yield with_variables((*install, NO_CACHE, *options, *recipe.archives))
    if recipe.sources:
        yield with_variables((*install, *options, *recipe.sources))
