"""TypeScript and JavaScript that is built: all packages of a lock in one stage, what is made with them in another."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from optimizer.builders.docker.actions import CopyInputs, Run, Script, StageBody
from optimizer.builders.docker.nodejs import (
    IN_STAGE,
    get_installer,
    installation,
    installation_environment,
    npm_links,
    patched,
    pnpm_install,
    yarn_install,
)
from optimizer.builders.docker.nodejs_scripts import bundle, dependencies_only, take_output
from optimizer.builders.docker.system import build_tools
from optimizer.builders.docker.tree_scripts import normalise
from optimizer.model.plan import TIMESTAMP, Stage
from optimizer.model.recipes.nodejs import NodeBundles, NodeDevelopmentPackages, NodeScriptOutput

_Commands = tuple[tuple[str, ...] | Script, ...]

# What takes the time of a build for that of its output takes the one of every tree.
_TIME = ("SOURCE_DATE_EPOCH", str(TIMESTAMP))
# Each manager is there in one version, whatever package.json says of it, and a release in the project is not there.
_PROGRAMS: Mapping[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "npm": ("npm", (("npm_config_update_notifier", "false"),)),
    "pnpm": ("pnpm", (("npm_config_manage_package_manager_versions", "false"),)),
    "yarn": ("yarn", (("YARN_NODE_LINKER", "node-modules"), ("YARN_IGNORE_PATH", "1"), ("YARN_ENABLE_TELEMETRY", "0"))),
    "yarn-classic": ("yarn", (("YARN_IGNORE_PATH", "1"), ("SKIP_YARN_COREPACK_CHECK", "1"))),
}
"""By installer: its program, and the variables with which it runs a script."""


def node_development_packages(recipe: NodeDevelopmentPackages, stage: Stage) -> StageBody:
    """The installer and esbuild, and one run that installs all packages of the lock where it stands."""
    manifests = recipe.overruled_manifests
    commands = (
        *((dependencies_only(manifests),) if manifests else ()),
        *_INSTALL[recipe.installer](recipe),
        *patched(recipe),
    )
    return StageBody(
        workdir=posixpath.dirname(recipe.lock),
        actions=(
            *build_tools(recipe.build_packages),
            *get_installer(recipe),
            CopyInputs(inputs=recipe.copies),
            installation(recipe, commands, installation_environment(recipe)),
        ),
    )


def node_bundles(recipe: NodeBundles, stage: Stage) -> StageBody:
    """The sources, and one run of esbuild, which needs no network."""
    return StageBody(
        workdir=recipe.workdir,
        actions=(CopyInputs(inputs=recipe.copies), Run(commands=(bundle(recipe), normalise("nodejs")), network=False)),
    )


def node_script_output(recipe: NodeScriptOutput, stage: Stage) -> StageBody:
    """The sources, and one run of the script."""
    program, variables = _PROGRAMS[recipe.installer]
    commands: _Commands = ((program, "run", recipe.script), take_output(recipe), normalise("nodejs"))
    given = dict(recipe.environment)
    environment = (*((name, value) for name, value in (_TIME, *variables) if name not in given), *recipe.environment)
    return StageBody(
        workdir=recipe.workdir,
        actions=(CopyInputs(inputs=recipe.copies), Run(commands=commands, environment=environment)),
    )


def _npm(recipe: NodeDevelopmentPackages) -> _Commands:
    return (("npm", "ci", "--include=dev", "--no-audit", "--no-fund", "--no-update-notifier", *npm_links(recipe), *_scripts(recipe)),)


def _pnpm(recipe: NodeDevelopmentPackages) -> _Commands:
    return pnpm_install(recipe, IN_STAGE, "--prod=false", *_scripts(recipe))


def _yarn_classic(recipe: NodeDevelopmentPackages) -> _Commands:
    return (("yarn", "install", "--frozen-lockfile", "--production=false", "--non-interactive", *_scripts(recipe)),)


def _yarn(recipe: NodeDevelopmentPackages) -> _Commands:
    return yarn_install(recipe, IN_STAGE, "install")


def _scripts(recipe: NodeDevelopmentPackages) -> tuple[str, ...]:
    return () if recipe.scripts else ("--ignore-scripts",)


_INSTALL = {"npm": _npm, "pnpm": _pnpm, "yarn": _yarn, "yarn-classic": _yarn_classic}
