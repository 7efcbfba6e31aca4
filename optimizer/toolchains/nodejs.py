"""Node.js packages from the lock files of npm, yarn and pnpm."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Sequence

from optimizer.errors import Fault
from optimizer.model.plan import TREE, CopyInputs, Input, Run, Stage
from optimizer.model.reference import ImageReference
from optimizer.model.steps import NodeDependencies
from optimizer.toolchains.secrets import user_npmrc
from optimizer.toolchains.slim import slimmed
from optimizer.toolchains.system import build_tools
from optimizer.toolchains.toolchain import StepContext, Target, beside, missing_file, normalise

_NPM_GLOBAL = ("npm", "install", "--global", "--no-audit", "--no-fund", "--no-update-notifier")
_YARN_CLASSIC = "yarn@1.22.22"
_YARN = "@yarnpkg/cli-dist@4.18.1"
_PNPM = "pnpm@10.34.9"
_WORKDIR = "/build"
_SILENT_UNLESS_FAILED = '"$@" > /tmp/yarn.log || { cat /tmp/yarn.log; exit 1; }'
_GIVEN_LOCK = "/tmp/yarn.lock"
# Fails for what the second lock resolves and the first does not: of the packages of registries, because Yarn itself makes
# the entries of workspaces and of its own patches anew.
_SAME_LOCK = (
    'const read = (path) => { let names = []; return require("fs").readFileSync(path, "utf8").split("\\n").flatMap((line) => { '
    'if (/^[^ #]/.test(line)) names = line.replace(/^"|"?:$/g, "").split(", "); '
    'const [, found] = line.match(/^  resolution: "?([^"]*)/) || []; '
    'return found ? names.filter((name) => !/@workspace:|builtin</.test(name)).map((name) => name + " as " + found) : []; }); }; '
    "const [given, now] = process.argv.slice(1).map(read); const known = new Set(given); "
    'const lacks = now.filter((item) => !known.has(item)); if (lacks.length) { console.error("yarn.lock does not fit package.json: '
    'it lacks " + lacks.join(", ") + "; run yarn install, and commit the lock"); process.exit(1); }'
)
# The npm of older runtimes takes no notice of --cpu.
_CROSS_SINCE = 18
_CPUS = {"x86_64": "x64", "arm64": "arm64"}
_PNPM_BUILDS = ("onlyBuiltDependencies", "dangerouslyAllowAllBuilds", "allowBuilds")
# The first file is the lock; the others stand beside it, and are read when they are there.
_COMPANIONS = {
    "package-lock.json": (".npmrc",),
    "npm-shrinkwrap.json": (".npmrc",),
    "yarn.lock": (".npmrc", ".yarnrc", ".yarnrc.yml"),
    "pnpm-lock.yaml": (".npmrc", "pnpm-workspace.yaml"),
}
_NPM_CACHE = "/root/.npm"
# Where it is only when it is said: elsewhere pnpm looks for a place on the file system of the project.
_PNPM_STORE = "/pnpm/store"
# npm and pnpm let many write to theirs; Yarn 1 asks for one at a time.
# Sources: https://docs.npmjs.com/cli/commands/npm-cache, https://pnpm.io/docker,
# https://classic.yarnpkg.com/en/docs/cli/#toc-concurrency-and-mutex
_SHARED_CACHES = {"pnpm-lock.yaml": (_PNPM_STORE, "/root/.cache/pnpm"), "yarn.lock": ()}
_CACHES = {"yarn.lock": ("/usr/local/share/.cache/yarn", "/root/.yarn/berry")}


class NodeToolchain:
    """``npm ci`` and its peers in a stage on the runtime's own base, so that binaries match its C library."""

    families: tuple[str, ...] = ("nodejs",)

    def images(self, step: NodeDependencies, target: Target) -> tuple[ImageReference, ...]:
        return ()

    def check(self, step: NodeDependencies, context: StepContext) -> Iterable[Fault]:
        name = posixpath.basename(step.lock)
        if name not in _COMPANIONS:
            yield Fault(
                f'"{step.lock}" is no lock file of a known tool; allowed: {", ".join(_COMPANIONS)}',
                "lock",
                "name the lock file itself, not package.json",
            )
            return
        yield from missing_file(context, step.lock, "lock", "the lock file", "create it with npm install, yarn install or pnpm install")
        yield from missing_file(
            context, beside(step.lock, "package.json"), "lock", f"{name} needs its project file, and", "put it beside the lock file"
        )
        npmrc = beside(step.lock, ".npmrc")
        if context.project.kind(npmrc) == "file":
            for number, line in enumerate(context.project.read_text(npmrc).splitlines(), 1):
                if ("_authToken" in line or "_password" in line or "_auth=" in line) and "${" not in line:
                    yield Fault(
                        f"{npmrc}:{number} holds a credential",
                        "lock",
                        'write it as "${NAME}" and pass BuildSecret("npm", from_env="NAME", to_env="NAME")',
                    )

    def installers(self, step: NodeDependencies, context: StepContext) -> Sequence[str]:
        return (_installer(step, context), "npm")

    def stages(self, step: NodeDependencies, context: StepContext) -> Sequence[Stage]:
        name = posixpath.basename(step.lock)
        companions = [beside(step.lock, other) for other in ("package.json", *_COMPANIONS[name])]
        paths = [step.lock, *(path for path in companions if context.project.kind(path) == "file")]
        modules = f"{TREE}/var/task/node_modules"
        return [
            Stage(
                name=context.name,
                step=context.name,
                title=f"Node.js packages of {step.lock}",
                stability=context.stability,
                origin=context.target.image,
                workdir=_WORKDIR,
                needs_target=_needs_target(step, name, context),
                slim=step.slim,
                actions=(
                    *build_tools(context.target.base, step.build_packages),
                    # A run of its own: a changed lock finds the installer in the build cache.
                    *_tools(step, name, context),
                    CopyInputs(inputs=tuple(Input(source=path, target=f"{_WORKDIR}/", directory=False) for path in sorted(paths))),
                    Run(
                        commands=(
                            *self._install(step, name, context),
                            # npm makes no directory when there is nothing to install.
                            ("mkdir", "-p", "node_modules", f"{TREE}/var/task"),
                            ("mv", "node_modules", modules),
                            *slimmed(context.target, step.slim),
                            normalise("nodejs"),
                        ),
                        reads=user_npmrc(beside(step.lock, ".npmrc"), step, context) if name == "pnpm-lock.yaml" else (),
                        caches=_CACHES.get(name, ()),
                        shared_caches=_SHARED_CACHES.get(name, (_NPM_CACHE,)),
                        secrets=step.secrets,
                        environment=(("NODE_ENV", "production"), *_registry(step)),
                    ),
                ),
            )
        ]

    @staticmethod
    def _install(step: NodeDependencies, name: str, context: StepContext) -> tuple[tuple[str, ...], ...]:
        scripts = () if step.scripts else ("--ignore-scripts",)
        if name == "pnpm-lock.yaml":
            # The two state files carry the time of the installation.
            return (
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
                    *_for_target(context.target),
                    *scripts,
                ),
                (
                    "rm",
                    "-f",
                    "node_modules/.modules.yaml",
                    "node_modules/.pnpm-workspace-state.json",
                    "node_modules/.pnpm-workspace-state-v1.json",
                ),
            )
        if name == "yarn.lock":
            if _is_classic(step, context):
                return (("yarn", "install", "--frozen-lockfile", "--production", "--non-interactive", *scripts),)
            linker = (
                "env",
                "YARN_NODE_LINKER=node-modules",
                # A release of Yarn that the project keeps for itself is not among the step's files.
                "YARN_IGNORE_PATH=1",
                "YARN_ENABLE_TELEMETRY=0",
                *(() if step.scripts else ("YARN_ENABLE_SCRIPTS=0",)),
            )
            return (
                # Focusing, which alone leaves development dependencies out, resolves anew what the lock lacks, and knows no
                # --immutable (https://github.com/yarnpkg/berry/issues/6277). That of yarn install fetches everything, and
                # refuses each lock that another version of Yarn wrote.
                ("cp", "yarn.lock", _GIVEN_LOCK),
                # It warns that it installs nothing, which is what it is asked for; focusing repeats whatever else it says.
                ("sh", "-c", _SILENT_UNLESS_FAILED, "silent", *linker, "yarn", "install", "--mode=update-lockfile"),
                ("node", "-e", _SAME_LOCK, _GIVEN_LOCK, "yarn.lock"),
                (*linker, "yarn", "workspaces", "focus", "--production"),
                ("rm", "-f", "node_modules/.yarn-state.yml"),
            )
        platform = () if _needs_target(step, name, context) else _for_target(context.target)
        return (("npm", "ci", "--omit=dev", "--no-audit", "--no-fund", "--no-update-notifier", *platform, *scripts),)


def _tools(step: NodeDependencies, name: str, context: StepContext) -> tuple[Run, ...]:
    """The run that gets the installer; none for npm, which the base has."""
    if name == "pnpm-lock.yaml":
        tool = _PNPM
    elif name == "yarn.lock":
        tool = _YARN_CLASSIC if _is_classic(step, context) else _YARN
    else:
        return ()
    reads = user_npmrc(beside(step.lock, ".npmrc"), step, context)
    return (
        Run(commands=((*_NPM_GLOBAL, tool),), reads=reads, shared_caches=(_NPM_CACHE,), secrets=step.secrets, environment=_registry(step)),
    )


def _registry(step: NodeDependencies) -> tuple[tuple[str, str], ...]:
    # Yarn has a variable of its own, since 2.
    return tuple((name, step.registry) for name in ("YARN_NPM_REGISTRY_SERVER", "npm_config_registry") if step.registry)


def _installer(step: NodeDependencies, context: StepContext) -> str:
    if posixpath.basename(step.lock) == "yarn.lock":
        return "Yarn 1" if _is_classic(step, context) else "Yarn"
    return "pnpm" if posixpath.basename(step.lock) == "pnpm-lock.yaml" else "npm"


def _is_classic(step: NodeDependencies, context: StepContext) -> bool:
    return "__metadata:" not in context.project.read_text(step.lock)


def _for_target(target: Target) -> tuple[str, ...]:
    """The options with which npm and pnpm choose among optional packages for the target, whatever they run on."""
    return (f"--cpu={_CPUS[target.architecture]}", "--os=linux", "--libc=glibc")


def _needs_target(step: NodeDependencies, name: str, context: StepContext) -> str:
    if step.build_packages:
        return "its build packages compile for the platform that they run on"
    if name == "yarn.lock":
        return "Yarn installs for the platform that it runs on"
    if int(context.target.base.runtime.removeprefix("nodejs").partition(".")[0]) < _CROSS_SINCE:
        return "the runtime's npm installs for the platform that it runs on"
    if not step.scripts:
        return ""
    if name == "pnpm-lock.yaml":
        return _pnpm_scripts(step, context)
    return _npm_scripts(context.project.read_text(step.lock))


def _pnpm_scripts(step: NodeDependencies, context: StepContext) -> str:
    # pnpm runs the scripts of named packages alone.
    for path in (beside(step.lock, "package.json"), beside(step.lock, "pnpm-workspace.yaml")):
        if context.project.kind(path) == "file" and any(key in context.project.read_text(path) for key in _PNPM_BUILDS):
            return f"{path} lets packages run scripts, which compile for the platform that they run on"
    return ""


def _npm_scripts(lock: str) -> str:
    try:
        packages = json.loads(lock)["packages"]
        scripted = sorted(
            path.rpartition("node_modules/")[2]
            for path, package in packages.items()
            if package.get("hasInstallScript") and not package.get("dev") and "linux" in package.get("os", ["linux"])
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return "its lock file does not tell which packages run scripts"
    if not scripted:
        return ""
    more = f" and {len(scripted) - 3} more" if len(scripted) > 3 else ""
    return f"install scripts of {', '.join(scripted[:3])}{more} may compile for the platform that they run on"
