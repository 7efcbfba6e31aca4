"""Node.js packages: the commands that install for production what a lock of npm, pnpm or Yarn holds."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from optimizer.builders.docker.actions import NOTES, PARTS, CopyInputs, Run, Script, StageBody
from optimizer.builders.docker.nodejs_scripts import collect, dependencies_only, named_patches, only_importers, prune, same_lock, take
from optimizer.builders.docker.slim import slimmed
from optimizer.builders.docker.system import build_tools
from optimizer.builders.docker.tree_scripts import expected, normalise
from optimizer.locks.nodejs_pnpm import NEWER_HOOKS
from optimizer.model.plan import TREE, Stage
from optimizer.model.recipes.nodejs import NodeInstallation, NodePackages, NodePart
from optimizer.model.recipes.recipe import Tool

_PATCH_PACKAGE = "patch-package"
_NPM_GLOBAL = ("npm", "install", "--global", "--no-audit", "--no-fund", "--no-update-notifier")
_SILENT_UNLESS_FAILED = '"$@" > /tmp/yarn.log || { cat /tmp/yarn.log; exit 1; }'
_NPM_CACHE = "/root/.npm"
# Where it is only when it is set: elsewhere pnpm looks for a place on the file system of the project.
_PNPM_STORE = "/pnpm/store"
_YARN_CACHES = ("/usr/local/share/.cache/yarn", "/root/.yarn/berry")


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallPlaces:
    """Where an installation has what is not beside the lock, as absolute paths.

    ``tree`` is where the tree is made, ``notes`` what :data:`NOTES` is in a
    stage; ``pnpm_store`` is pnpm's cache, and ``given_lock`` a file that is not
    there.  With ``captured`` what the commands print is shown only when one
    fails, whatever they do.
    """

    tree: str = TREE
    notes: str = NOTES
    pnpm_store: str = _PNPM_STORE
    given_lock: str = "/tmp/yarn.lock"
    captured: bool = False


IN_STAGE = InstallPlaces()


def node_packages(recipe: NodePackages, stage: Stage) -> StageBody:
    """One run that installs everything; another before it, so that a changed lock finds the installer in the build cache."""
    return StageBody(
        workdir=posixpath.dirname(recipe.lock),
        actions=(
            *build_tools(recipe.build_packages),
            *get_installer(recipe),
            CopyInputs(inputs=recipe.copies),
            _install(recipe),
        ),
    )


def node_part(recipe: NodePart, stage: Stage) -> StageBody:
    """One run that takes places out of the tree of the installation, which it only reads."""
    assert stage.taken_from is not None
    script, places = take(recipe, f"{PARTS}/{stage.taken_from}")
    run = Run(commands=(script, normalise("nodejs")), files=(places,), trees=(stage.taken_from,), network=False)
    return StageBody(actions=(run,))


def installer_requirements(recipe: NodeInstallation) -> tuple[str, ...]:
    """The packages that bring the installer, as npm takes them; none for npm itself, which the base has."""
    return tuple(_requirement(tool) for tool in recipe.tools if tool.name != _PATCH_PACKAGE)


def install_commands(recipe: NodePackages, places: InstallPlaces = IN_STAGE) -> tuple[tuple[str, ...] | Script, ...]:
    """What makes the tree, one after another, in the directory of the lock; its files have any owner, time and mode then."""
    manifests = recipe.overruled_manifests
    return (
        *((dependencies_only(manifests),) if manifests else ()),
        *_INSTALL[recipe.installer](recipe, places),
        *patched(recipe),
        *((prune(posixpath.basename(recipe.lock)),) if recipe.installer == "npm" else ()),
        *_into_tree(recipe, places),
        *slimmed("nodejs", recipe.slim, places.notes),
    )


def installer_environment(recipe: NodeInstallation) -> tuple[tuple[str, str], ...]:
    """The variables for what brings the installer."""
    # Yarn has a variable of its own, since 2.
    names = ("YARN_NPM_REGISTRY_SERVER", "npm_config_registry")
    return tuple((name, recipe.registry) for name in names if recipe.registry)


def install_environment(recipe: NodePackages) -> tuple[tuple[str, str], ...]:
    """The variables for what makes the tree."""
    return (("NODE_ENV", "production"), *installation_environment(recipe))


def installation_environment(recipe: NodeInstallation) -> tuple[tuple[str, str], ...]:
    """The variables for an installation of any packages of the lock."""
    classic = (("YARN_IGNORE_PATH", "1"),) if recipe.installer == "yarn-classic" else ()
    return (*installer_environment(recipe), *classic)


def get_installer(recipe: NodeInstallation) -> tuple[Run, ...]:
    """The run that gets the installer; none for npm, which the base has."""
    installers = installer_requirements(recipe)
    if not installers:
        return ()
    return (
        Run(
            commands=((*_NPM_GLOBAL, *installers),),
            reads=recipe.reads,
            shared_caches=(_NPM_CACHE,),
            secrets=recipe.secrets,
            environment=installer_environment(recipe),
        ),
    )


def _install(recipe: NodePackages) -> Run:
    commands = (*expected(recipe.exact_programs), *install_commands(recipe), normalise("nodejs"))
    return installation(recipe, commands, install_environment(recipe))


def installation(recipe: NodeInstallation, commands: tuple[tuple[str, ...] | Script, ...], environment: tuple[tuple[str, str], ...]) -> Run:
    """The run of commands that install from the lock."""
    # npm and pnpm let many write to their caches; Yarn 1 asks for one at a time.
    # Sources: https://docs.npmjs.com/cli/commands/npm-cache, https://pnpm.io/docker,
    # https://classic.yarnpkg.com/en/docs/cli/#toc-concurrency-and-mutex
    caches = _YARN_CACHES if recipe.installer in ("yarn", "yarn-classic") else ()
    shared = {"npm": (_NPM_CACHE,), "pnpm": (_PNPM_STORE, "/root/.cache/pnpm")}.get(recipe.installer, ())
    return Run(
        commands=commands,
        # The others read the project's own settings as they are.
        reads=recipe.reads if recipe.installer == "pnpm" else (),
        caches=caches,
        shared_caches=(*shared, *((_NPM_CACHE,) if recipe.patches is not None and _NPM_CACHE not in shared else ())),
        secrets=recipe.secrets,
        environment=environment,
    )


def _npm(recipe: NodePackages, places: InstallPlaces) -> tuple[tuple[str, ...], ...]:
    command = ("npm", "ci", "--omit=dev", "--no-audit", "--no-fund", "--no-update-notifier")
    return (
        (*command, *npm_links(recipe), *_npm_workspaces(recipe), *_platform(recipe)),
        # The hidden lock has another form with each version of npm, and follows the settings of the machine.
        ("rm", "-f", "node_modules/.package-lock.json"),
    )


def npm_links(recipe: NodeInstallation) -> tuple[str, ...]:
    """Whether local packages are links, as the lock has them: the setting in .npmrc would have npm pack those whose manifest alone is there."""
    if recipe.local_links is None:
        return ()
    return ("--install-links=false",) if recipe.local_links else ("--install-links=true",)


def _npm_workspaces(recipe: NodePackages) -> tuple[str, ...]:
    if not recipe.workspace:
        return ()
    if recipe.member is not None:
        return (f"--workspace={recipe.member.path}",)
    members = (f"--workspace={path}" for path in recipe.needed_members)
    # Without any workspace npm leaves out the links to members too.
    return ("--include-workspace-root", *members) if recipe.needed_members else ("--workspaces=false",)


def _pnpm(recipe: NodePackages, places: InstallPlaces) -> tuple[tuple[str, ...] | Script, ...]:
    lock = posixpath.basename(recipe.lock)
    return (
        *((only_importers(lock, recipe.importers),) if recipe.importers is not None else ()),
        *pnpm_install(recipe, places, "--prod", "--config.node-linker=hoisted", *_platform(recipe)),
        # The state files carry the time of the installation, or the whole lock.
        (
            "rm",
            "-f",
            "node_modules/.modules.yaml",
            "node_modules/.pnpm-workspace-state.json",
            "node_modules/.pnpm-workspace-state-v1.json",
            "node_modules/.pnpm/lock.yaml",
        ),
    )


def pnpm_install(recipe: NodeInstallation, places: InstallPlaces, *options: str) -> tuple[tuple[str, ...] | Script, ...]:
    """pnpm's installation of exactly what the lock holds."""
    lock = posixpath.basename(recipe.lock)
    command = (
        *("pnpm", "install", "--frozen-lockfile", *options),
        # Without it pnpm fetches and runs the version that package.json names.
        "--config.manage-package-manager-versions=false",
        # The project's settings may name another directory, where Node.js finds nothing.
        "--config.modules-dir=node_modules",
        *((f"--config.pnpmfile={NEWER_HOOKS}",) if recipe.hooks == (NEWER_HOOKS,) else ()),
        "--package-import-method=copy",
        f"--store-dir={places.pnpm_store}",
    )
    return (*((named_patches(lock, recipe.hashed_patches),) if recipe.hashed_patches else ()), command)


def _platform(recipe: NodePackages) -> tuple[str, ...]:
    """The options by which npm and pnpm choose among optional packages, and run scripts or none."""
    platform = recipe.platform
    # On the target's own platform pnpm may still have been told of others by the project's settings.
    chosen = recipe.cross or recipe.installer == "pnpm"
    return (
        *((f"--cpu={platform.cpu}", f"--os={platform.os}", f"--libc={platform.libc}") if chosen else ()),
        *(() if recipe.scripts else ("--ignore-scripts",)),
    )


def _yarn_classic(recipe: NodePackages, places: InstallPlaces) -> tuple[tuple[str, ...], ...]:
    scripts = () if recipe.scripts else ("--ignore-scripts",)
    return (("yarn", "install", "--frozen-lockfile", "--production", "--non-interactive", *scripts),)


def _yarn(recipe: NodePackages, places: InstallPlaces) -> tuple[tuple[str, ...] | Script, ...]:
    member = () if recipe.member is None else (recipe.member.name,)
    return (
        *yarn_install(recipe, places, "workspaces", "focus", "--production", *member),
        ("rm", "-f", "node_modules/.yarn-state.yml"),
    )


def yarn_install(recipe: NodeInstallation, places: InstallPlaces, *command: str) -> tuple[tuple[str, ...] | Script, ...]:
    """What Yarn's command installs from the lock, if the lock has all of it."""
    lock = posixpath.basename(recipe.lock)
    linker = (
        "env",
        "YARN_NODE_LINKER=node-modules",
        # The project's settings may ask for hard links to Yarn's cache.
        "YARN_NM_MODE=classic",
        # A release of Yarn that the project keeps for itself is not among the step's files.
        "YARN_IGNORE_PATH=1",
        "YARN_ENABLE_TELEMETRY=0",
        *(() if recipe.scripts else ("YARN_ENABLE_SCRIPTS=0",)),
    )
    # It warns that it installs nothing, which is what it is asked for; the command repeats whatever else it says.
    silent = () if places.captured else ("sh", "-c", _SILENT_UNLESS_FAILED, "silent")
    return (
        # Focusing, which alone leaves development dependencies out, resolves again what the lock lacks, and knows no
        # --immutable (https://github.com/yarnpkg/berry/issues/6277). That of yarn install refuses each lock that another
        # version of Yarn wrote.
        ("cp", lock, places.given_lock),
        (*silent, *linker, "yarn", "install", "--mode=update-lockfile"),
        same_lock(places.given_lock, lock),
        (*linker, "yarn", *command),
    )


_INSTALL = {"npm": _npm, "pnpm": _pnpm, "yarn": _yarn, "yarn-classic": _yarn_classic}


def patched(recipe: NodeInstallation) -> tuple[tuple[str, ...], ...]:
    if recipe.patches is None:
        return ()
    (tool,) = (tool for tool in recipe.tools if tool.name == _PATCH_PACKAGE)
    program = ("npm", "exec", "--yes", "--ignore-scripts", f"--package={_requirement(tool)}", "--", _PATCH_PACKAGE)
    return ((*program, "--patch-dir", recipe.patches, "--error-on-fail"),)


def _into_tree(recipe: NodePackages, places: InstallPlaces) -> tuple[tuple[str, ...] | Script, ...]:
    if not recipe.places:
        # npm makes no directory when there is nothing to install.
        task = f"{places.tree}/var/task"
        return (("mkdir", "-p", "node_modules", task), ("mv", "node_modules", f"{task}/node_modules"))
    importer = recipe.member.path if recipe.member is not None else "."
    return (collect("" if recipe.needed_itself else importer, recipe.places),)


def _requirement(tool: Tool) -> str:
    return f"{tool.name}@{tool.version}"
