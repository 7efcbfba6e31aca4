"""Why the packages of a lock cannot be installed on this machine as in the stage of the Dockerfile."""

from __future__ import annotations

import os
import posixpath
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from optimizer.adapters.host.node_tools import NodeTools, host_cpu, host_os, is_glibc, node_tools
from optimizer.adapters.host.tree import TreeRequest
from optimizer.bases.catalogue import base_image
from optimizer.locks.nodejs_engines import NodeMachine, npm_differences, pnpm_differences
from optimizer.model.plan import OnTarget
from optimizer.model.recipes.nodejs import NodePackages

_OLDEST_NPM = (10, 8)
_FIRST_UNKNOWN_NPM = 13
_HOME = "/root/"
# Found in a directory above, they would set up an installer.
_SETTINGS_ABOVE = ("package.json", "pnpm-workspace.yaml", ".npmrc", ".yarnrc", ".yarnrc.yml")
_DECIDED_BY_MACHINE = {
    ".npmrc": ("engine-strict", "install-strategy", "pnpmfile", "global-pnpmfile", "use-node-version", "tokenHelper"),
    "package.json": ("devEngines", "configDependencies", "executionEnv"),
    "pnpm-workspace.yaml": ("configDependencies", "engineStrict", "executionEnv", "globalPnpmfile", "pnpmfile", "useNodeVersion"),
    ".yarnrc.yml": ("enableConstraintsChecks", "plugins"),
}
"""Settings that let code run, or let the Node.js that runs decide what is installed."""
_RESERVED = ("home", "path", "node_options")


def node_obstacle(request: TreeRequest) -> str:
    """The first obstacle that there is, in a few words; empty where there is none."""
    return next(_obstacles(request), "")


def _obstacles(request: TreeRequest) -> Iterator[str]:
    recipe = cast(NodePackages, request.stage.recipe)
    if os.name != "posix":
        yield "packages are installed on Linux and macOS alone"
    if isinstance(request.stage.origin, str) or request.stage.trees:
        yield "it stands on the tree of another stage"
    repository = base_image(request.plan.runtime).reference.repository
    # A mirror keeps the end of the path.
    if not f"/{request.plan.base.repository}".endswith(f"/{repository}"):
        yield "its base is not AWS's, and may have another npm, or settings for one"
    yield from _of_recipe(recipe, request.stage.on_target)
    yield from _of_settings(recipe, request.context)
    yield from _of_place(Path(tempfile.gettempdir()).resolve())
    tools = node_tools(os.environ.get("PATH", ""))
    yield from _of_tools(tools)
    major = int(re.sub(r"\D.*", "", request.plan.runtime.removeprefix("nodejs")) or 0)
    yield from _of_installer(recipe, tools, major)
    yield from _of_lock(recipe, request.context, tools, major)


def _of_recipe(recipe: NodePackages, on_target: OnTarget | None) -> Iterator[str]:
    # A stage need not run on the image's platform where no package that is installed has such a script.
    if recipe.scripts and on_target is not None:
        yield f"{on_target.reason}, and scripts=False leaves such scripts out"
    if recipe.patches is not None:
        yield "patch-package runs on the packages"
    if recipe.build_packages is not None:
        yield f"it needs system packages ({', '.join(recipe.build_packages.names)})"
    if "base-packages" in recipe.slim:
        yield "packages of the base are left out, which this machine does not see"
    for secret in recipe.secrets:
        name = (secret.to_env or "").lower()
        if secret.from_env is None:
            yield f'its build secret "{secret.id}" comes from a file'
        elif name in _RESERVED or name.startswith(("npm_config_userconfig", "npm_config_globalconfig")):
            yield f'its build secret "{secret.id}" sets {secret.to_env}'
        elif secret.to_env is None and not secret.target.startswith(_HOME):
            yield f'its build secret "{secret.id}" is the file {secret.target}'


def _of_settings(recipe: NodePackages, context: Path) -> Iterator[str]:
    for path in recipe.hooks:
        yield f"{path} is code that pnpm runs"
    for item in recipe.inputs():
        name = posixpath.basename(item.source)
        for word in _DECIDED_BY_MACHINE.get(name, ()) if not item.directory else ():
            if re.search(rf"(?<![\w-]){word}(?![\w-])", _text(context / item.source), re.IGNORECASE):
                yield f"{item.source} has {word}, which may run code or depend on the machine that installs"


def _of_place(temporary: Path) -> Iterator[str]:
    for directory in (temporary, *temporary.parents):
        for name in _SETTINGS_ABOVE:
            if (directory / name).exists():
                yield f"{directory / name} would set up the installer"
    other = Path(str(temporary).swapcase())
    if other != temporary and other.exists() and other.samefile(temporary):
        yield f"the file system of {temporary} does not tell capital letters from small ones"


def _of_tools(tools: NodeTools) -> Iterator[str]:
    if not tools.node or not tools.npm:
        missing = " and ".join(name for name, version in (("Node.js", tools.node), ("npm", tools.npm)) if not version)
        yield f"this machine has no {missing} that runs"
        return
    parts = [int(part) for part in re.findall(r"\d+", tools.npm)[:2]]
    if tuple(parts) < _OLDEST_NPM:
        yield f"this machine has npm {tools.npm}, and its packages are known to be the same from 10.8 on"
    elif parts[0] >= _FIRST_UNKNOWN_NPM:
        yield f"this machine has npm {tools.npm}, whose packages are not known to be the same as those of npm 10.8 to 12"


def _of_installer(recipe: NodePackages, tools: NodeTools, major: int) -> Iterator[str]:
    platform = recipe.platform
    if recipe.installer == "npm" and not recipe.cross:
        yield "the npm of its base installs for the platform that it runs on"
    if recipe.installer in ("yarn", "yarn-classic"):
        here = f"{host_os()} {host_cpu()}{' glibc' if is_glibc() else ''}"
        wanted = f"{platform.os} {platform.cpu} {platform.libc}"
        if here != wanted:
            yield f"Yarn installs for the platform that it runs on: {here}, not {wanted}"
    if recipe.installer == "yarn-classic" and tools.node.partition(".")[0] != str(major):
        yield f"Yarn 1 holds packages to the Node.js that runs it: {tools.node}, not {major}"


def _of_lock(recipe: NodePackages, context: Path, tools: NodeTools, major: int) -> Iterator[str]:
    differences = {"npm": npm_differences, "pnpm": pnpm_differences}.get(recipe.installer)
    if differences is None:
        return
    machine = NodeMachine(node=tools.node, npm=tools.npm, cpu=host_cpu(), os=host_os())
    name = posixpath.basename(recipe.lock)
    for item in recipe.inputs():
        if not item.directory and posixpath.join(item.target, posixpath.basename(item.source)) == recipe.lock:
            yield from differences(_text(context / item.source), machine, major)
            return
    yield f"{name} is not in the build context"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
