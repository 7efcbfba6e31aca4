"""The commands that install what a lock of npm, pnpm or Yarn holds."""

from __future__ import annotations

import posixpath

from optimizer.builders.docker.actions import Run, TreeScript
from optimizer.builders.docker.script_files import tree_script
from optimizer.model.inputs import Input
from optimizer.model.plan import TREE
from optimizer.model.steps import NodeDependencies
from optimizer.toolchains.nodejs_project import NodeProject
from optimizer.toolchains.secrets import user_npmrc
from optimizer.toolchains.toolchain import Target

_NPM_GLOBAL = ("npm", "install", "--global", "--no-audit", "--no-fund", "--no-update-notifier")
_YARN_CLASSIC = "yarn@1.22.22"
_YARN = "@yarnpkg/cli-dist@4.18.1"
_PNPM = "pnpm@10.34.9"
_SILENT_UNLESS_FAILED = '"$@" > /tmp/yarn.log || { cat /tmp/yarn.log; exit 1; }'
_GIVEN_LOCK = "/tmp/yarn.lock"
# Fails for what the second lock resolves and the first does not: of the packages of registries, because Yarn itself makes
# the entries of workspaces and of patches anew.
SAME_LOCK = (
    'const read = (path) => { let names = []; return require("fs").readFileSync(path, "utf8").split("\\n").flatMap((line) => { '
    'if (/^[^ #]/.test(line)) names = line.replace(/^"|"?:$/g, "").split(", "); '
    'const [, found] = line.match(/^  resolution: "?([^"]*)/) || []; '
    'return found ? names.filter((name) => !/@workspace:|@patch:/.test(name)).map((name) => name + " as " + found) : []; }); }; '
    "const [given, now] = process.argv.slice(1).map(read); const known = new Set(given); "
    'const lacks = now.filter((item) => !known.has(item)); if (lacks.length) { console.error("yarn.lock does not fit package.json: '
    'it lacks " + lacks.join(", ") + "; run yarn install, and commit the lock"); process.exit(1); }'
)
"""Script of Node.js; its arguments are the two locks."""

# What a package.json would have an installer run for the project itself has no place among dependencies; and the lock
# decides which installer that is, in a version of ours.
DEPENDENCIES_ONLY = (
    'const fs = require("fs"); for (const path of process.argv.slice(1)) { const data = JSON.parse(fs.readFileSync(path, "utf8")); '
    "delete data.scripts; delete data.packageManager; "
    'for (const tool of ["npm", "pnpm", "yarn"]) if (data.engines) delete data.engines[tool]; '
    "fs.writeFileSync(path, JSON.stringify(data)); }"
)
"""Script of Node.js; its arguments are the manifests to be changed in place."""
ONLY_IMPORTERS = (
    'const fs = require("fs"); const [path, ...keep] = process.argv.slice(1); let inside = false, drop = false; '
    'const lines = fs.readFileSync(path, "utf8").split("\\n").filter((line) => { '
    'if (/^\\S/.test(line)) { inside = line.startsWith("importers:"); drop = false; } '
    "const found = inside && line.match(/^ {2}([^\\s].*?):(?: *\\{\\})?\\s*$/); "
    'if (found) drop = !keep.includes(found[1].replace(/^["\\x27]|["\\x27]$/g, "")); return !drop; }); '
    'fs.writeFileSync(path, lines.join("\\n"));'
)
"""Script of Node.js that leaves in a lock of pnpm only some importers: its flat ``node_modules`` would hold the packages of all.

Its arguments are the lock and the importers.
"""

# The npm of older runtimes takes no notice of --cpu.
_CROSS_SINCE = 18
_CPUS = {"x86_64": "x64", "arm64": "arm64"}
_PNPM_BUILDS = ("onlyBuiltDependencies", "dangerouslyAllowAllBuilds", "allowBuilds")
_NPM_CACHE = "/root/.npm"
# Where it is only when it is set: elsewhere pnpm looks for a place on the file system of the project.
_PNPM_STORE = "/pnpm/store"


def tools(project: NodeProject) -> tuple[Run, ...]:
    """The run that gets the installer; none for npm, which the base has."""
    if project.tool == "npm":
        return ()
    tool = _PNPM if project.tool == "pnpm" else _YARN_CLASSIC if project.classic else _YARN
    step = project.step
    return (
        Run(
            commands=((*_NPM_GLOBAL, tool),),
            reads=_user_npmrc(project),
            shared_caches=(_NPM_CACHE,),
            secrets=step.secrets,
            environment=_registry(step),
        ),
    )


def install(project: NodeProject) -> Run:
    """The run that makes ``node_modules``; it stands in the stage's tree at the end, not yet normalised."""
    step = project.step
    patches = project.scripts(".").patches
    found = {path: project.manifest(path) for path in project.manifests()}
    changed = [path for path, manifest in found.items() if manifest.lifecycle(project.tool) or manifest.asks_for_tool]
    manifests = [posixpath.normpath(posixpath.join(path, "package.json")) for path in changed]
    patched = () if patches is None else (_patch(project, patches),)
    # npm and pnpm let many write to their caches; Yarn 1 asks for one at a time.
    # Sources: https://docs.npmjs.com/cli/commands/npm-cache, https://pnpm.io/docker,
    # https://classic.yarnpkg.com/en/docs/cli/#toc-concurrency-and-mutex
    caches = ("/usr/local/share/.cache/yarn", "/root/.yarn/berry") if project.tool == "yarn" else ()
    shared = {"npm": (_NPM_CACHE,), "pnpm": (_PNPM_STORE, "/root/.cache/pnpm"), "yarn": ()}[project.tool]
    classic = (("YARN_IGNORE_PATH", "1"),) if project.classic else ()
    return Run(
        commands=(
            *((("node", "-e", DEPENDENCIES_ONLY, *manifests),) if manifests else ()),
            *_INSTALL[project.tool](project),
            *patched,
            *_collect(project),
        ),
        reads=_user_npmrc(project) if project.tool == "pnpm" else (),
        caches=caches,
        shared_caches=(*shared, *((_NPM_CACHE,) if patched and _NPM_CACHE not in shared else ())),
        secrets=step.secrets,
        environment=(("NODE_ENV", "production"), *_registry(step), *classic),
    )


def needs_target(project: NodeProject) -> str:
    """Why the packages must be installed on the image's own platform; empty where they need not."""
    step, target = project.step, project.context.target
    if step.build_packages:
        return "its build packages compile for the platform that they run on"
    if project.tool == "yarn":
        return "Yarn installs for the platform that it runs on"
    if int(target.base.runtime.removeprefix("nodejs").partition(".")[0]) < _CROSS_SINCE:
        return "the runtime's npm installs for the platform that it runs on"
    if not step.scripts:
        return ""
    if project.installed.git:
        return f"packages from git ({_some(project.installed.git)}) are built on the platform that installs them"
    if project.tool == "pnpm":
        return _pnpm_scripts(project)
    scripted = project.installed.scripted
    if scripted is None:
        return "its lock file does not tell which packages run scripts"
    return f"install scripts of {_some(scripted)} may compile for the platform that they run on" if scripted else ""


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _pnpm_scripts(project: NodeProject) -> str:
    # pnpm runs the scripts of named packages alone.
    for name in ("package.json", "pnpm-workspace.yaml"):
        path, files = project.path(name), project.context.project
        if files.kind(path) == "file" and any(key in files.read_text(path) for key in _PNPM_BUILDS):
            return f"{path} lets packages run scripts, which compile for the platform that they run on"
    return ""


def _npm(project: NodeProject) -> tuple[tuple[str, ...], ...]:
    command = ("npm", "ci", "--omit=dev", "--no-audit", "--no-fund", "--no-update-notifier")
    return ((*command, *_npm_links(project), *_npm_workspaces(project), *_platform(project)),)


def _npm_links(project: NodeProject) -> tuple[str, ...]:
    """Whether local packages are links, as the lock has them: the setting in .npmrc would have npm pack those whose manifest alone is there."""
    if project.lock.links:
        return ("--install-links=false",)
    return ("--install-links=true",) if project.lock.copies else ()


def _npm_workspaces(project: NodeProject) -> tuple[str, ...]:
    if not project.members:
        return ()
    if project.importer != ".":
        return (f"--workspace={project.importer}",)
    members = [path for path in project.needs if path in project.members]
    # Without any workspace npm leaves out the links to members too.
    return ("--include-workspace-root", *(f"--workspace={path}" for path in members)) if members else ("--workspaces=false",)


def _pnpm(project: NodeProject) -> tuple[tuple[str, ...], ...]:
    kept = [path for path in project.manifests() if path in project.lock.importers]
    cut = (("node", "-e", ONLY_IMPORTERS, "pnpm-lock.yaml", *kept),) if len(kept) < len(project.lock.importers) else ()
    return (
        *cut,
        (
            "pnpm",
            "install",
            "--frozen-lockfile",
            "--prod",
            "--config.node-linker=hoisted",
            # Without it pnpm fetches and runs the version that package.json names.
            "--config.manage-package-manager-versions=false",
            "--package-import-method=copy",
            f"--store-dir={_PNPM_STORE}",
            *_platform(project),
        ),
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


def _yarn(project: NodeProject) -> tuple[tuple[str, ...], ...]:
    step = project.step
    if project.classic:
        scripts = () if step.scripts else ("--ignore-scripts",)
        return (("yarn", "install", "--frozen-lockfile", "--production", "--non-interactive", *scripts),)
    linker = (
        "env",
        "YARN_NODE_LINKER=node-modules",
        # The project's settings may ask for hard links to Yarn's cache.
        "YARN_NM_MODE=classic",
        # A release of Yarn that the project keeps for itself is not among the step's files.
        "YARN_IGNORE_PATH=1",
        "YARN_ENABLE_TELEMETRY=0",
        *(() if step.scripts else ("YARN_ENABLE_SCRIPTS=0",)),
    )
    member = () if project.importer == "." else (project.members[project.importer],)
    return (
        # Focusing, which alone leaves development dependencies out, resolves anew what the lock lacks, and knows no
        # --immutable (https://github.com/yarnpkg/berry/issues/6277). That of yarn install fetches everything, and
        # refuses each lock that another version of Yarn wrote.
        ("cp", "yarn.lock", _GIVEN_LOCK),
        # It warns that it installs nothing, which is what it is asked for; focusing repeats whatever else it says.
        ("sh", "-c", _SILENT_UNLESS_FAILED, "silent", *linker, "yarn", "install", "--mode=update-lockfile"),
        ("node", "-e", SAME_LOCK, _GIVEN_LOCK, "yarn.lock"),
        (*linker, "yarn", "workspaces", "focus", "--production", *member),
        ("rm", "-f", "node_modules/.yarn-state.yml"),
    )


_INSTALL = {"npm": _npm, "pnpm": _pnpm, "yarn": _yarn}


def _platform(project: NodeProject) -> tuple[str, ...]:
    """The options for npm and pnpm by which the tree fits the target."""
    if needs_target(project):
        # The stage runs on the target's platform. pnpm may have been told of others by the project's settings.
        return (
            *(_for_target(project.context.target) if project.tool == "pnpm" else ()),
            *(() if project.step.scripts else ("--ignore-scripts",)),
        )
    # Whatever a script made here would be for the builder's platform.
    return (*_for_target(project.context.target), "--ignore-scripts")


def _for_target(target: Target) -> tuple[str, ...]:
    """The options with which npm and pnpm choose among optional packages for the target, whatever they run on."""
    return (f"--cpu={_CPUS[target.architecture]}", "--os=linux", "--libc=glibc")


def _patch(project: NodeProject, directory: str) -> tuple[str, ...]:
    version = project.lock.versions["patch-package"]
    program = ("npm", "exec", "--yes", "--ignore-scripts", f"--package=patch-package@{version}", "--", "patch-package")
    return (*program, "--patch-dir", directory, "--error-on-fail")


def _collect(project: NodeProject) -> tuple[tuple[str, ...] | TreeScript, ...]:
    if not project.has_local_packages:
        # npm makes no directory when there is nothing to install.
        return (("mkdir", "-p", "node_modules", f"{TREE}/var/task"), ("mv", "node_modules", f"{TREE}/var/task/node_modules"))
    sources = dict.fromkeys((".", project.importer, *project.needs))
    pairs = [word for source in sources for place in project.places(source) for word in (source, place)]
    own = "" if project.is_needed_itself else project.importer
    return (
        tree_script(
            "collect_nodejs.js",
            "Puts the packages of a workspace where Node.js looks for them, without links that would lead nowhere.",
            (own, *pairs),
        ),
    )


def _registry(step: NodeDependencies) -> tuple[tuple[str, str], ...]:
    # Yarn has a variable of its own, since 2.
    return tuple((name, step.registry) for name in ("YARN_NPM_REGISTRY_SERVER", "npm_config_registry") if step.registry)


def _user_npmrc(project: NodeProject) -> tuple[Input, ...]:
    return user_npmrc(project.path(".npmrc"), project.step, project.context)
