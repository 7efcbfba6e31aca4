"""What is wrong with a lock of Node.js packages and its step, reported before the build."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from optimizer.errors import Fault, did_you_mean
from optimizer.locks.managers import UNREAD_LOCKS, lock_names
from optimizer.locks.nodejs_allowed import BLOCKS_SINCE, undecided
from optimizer.locks.nodejs_manifest import candidates
from optimizer.locks.ranges import may_hold
from optimizer.toolchains.nodejs_project import NodeProject, has_file
from optimizer.toolchains.toolchain import StepContext, beside, missing_file

# pnpm 9 and 10 write it; pnpm 10 stops at older ones with ERR_PNPM_LOCKFILE_BREAKING_CHANGE.
_PNPM_FORMAT = "9."
# Node.js 24 and older come with npm 11 and older.
_MAY_BLOCK_SINCE = 26
_INSTEAD = {
    "portal": "make it a member of the workspace, or a file: dependency",
    "link": "make it a member of the workspace, or a file: dependency",
    "exec": "publish what it makes, or commit it and name it by file:",
}


def check_project(project: NodeProject) -> Iterator[Fault]:
    """The faults of a step whose lock and package.json are there; places are relative to the step."""
    form = list(form_faults(project))
    yield from form
    if form:
        return
    yield from refused_faults(project)
    yield from _member_faults(project)
    if not _is_chosen(project):
        return
    yield from _need_faults(project)
    yield from _script_faults(project)
    yield from _blocked_faults(project)
    yield from engine_faults(project)


def lock_faults(lock: str, context: StepContext) -> Iterator[Fault]:
    """The faults of what names a lock, and of what has to stand beside it; without any, the project can be read."""
    name = posixpath.basename(lock)
    if name not in lock_names("nodejs"):
        yield Fault(
            f'"{lock}" is not a supported lock file; allowed: {", ".join(lock_names("nodejs"))}',
            "lock",
            f"create one with {UNREAD_LOCKS['nodejs'][name]}, and set lock to it"
            if name in UNREAD_LOCKS["nodejs"]
            else "set lock to the lock file, not to package.json",
        )
        return
    manifest = beside(lock, "package.json")
    yield from missing_file(context, lock, "lock", "the lock file", "create it with npm install, yarn install or pnpm install")
    yield from missing_file(context, manifest, "lock", f"{name} needs its project file, and", "put it beside the lock file")


def credential_faults(lock: str, context: StepContext) -> Iterator[Fault]:
    """A fault for each credential in the .npmrc beside a lock."""
    npmrc = beside(lock, ".npmrc")
    if context.project.kind(npmrc) != "file":
        return
    for number, line in enumerate(context.project.read_text(npmrc).splitlines(), 1):
        if ("_authToken" in line or "_password" in line or "_auth=" in line) and "${" not in line:
            yield Fault(
                f"{npmrc}:{number} holds a credential",
                "lock",
                'write it as "${NAME}" and pass BuildSecret("npm", from_env="NAME", to_env="NAME")',
            )


def form_faults(project: NodeProject) -> Iterator[Fault]:
    """The fault of a lock in a form from which nothing is installed."""
    if project.classic and project.manifest(".").has_workspaces:
        yield Fault(
            f"{project.path('package.json')} has workspaces, which Yarn 1 does not write into its lock",
            "lock",
            "lock with Yarn 4 (yarn set version stable; yarn install), npm or pnpm",
        )
    elif project.lock.format and not project.lock.format.startswith(_PNPM_FORMAT):
        yield Fault(
            f'{project.step.lock} has the format "{project.lock.format}", which the pnpm of this step does not read; allowed: {_PNPM_FORMAT}0',
            "lock",
            "lock again with pnpm 9 or newer: pnpm install --lockfile-only",
        )


def refused_faults(project: NodeProject) -> Iterator[Fault]:
    """The faults of packages that the lock alone cannot give."""
    for name, protocol in project.lock.refused:
        yield Fault(
            f'{project.step.lock} names "{name}" by {protocol}:, which cannot be installed from the lock', "lock", _INSTEAD[protocol]
        )


def _is_chosen(project: NodeProject) -> bool:
    return project.step.package is None or project.importer != "."


def _member_faults(project: NodeProject) -> Iterator[Fault]:
    known = sorted(project.members.values())
    package = project.step.package
    if package is None:
        if known and not project.manifest(".").production:
            yield Fault(
                f"{project.path('package.json')} is the root of a workspace and has no dependencies itself; members: {', '.join(known)}",
                "package",
                f'set package="{known[0]}", or the name of another member',
            )
    elif not known:
        yield Fault(
            f'"{package}" is not a member: {project.step.lock} has no workspace',
            "package",
            "remove package, or set lock to the lock file of the workspace's root",
        )
    elif package not in known:
        by_path = project.members.get(posixpath.normpath(package))
        hint = f'did you mean "{by_path}"?' if by_path else did_you_mean(package, known)
        yield Fault(f'"{package}" is not a member of the workspace; allowed: {", ".join(known)}', "package", hint or "name one of them")


def _need_faults(project: NodeProject) -> Iterator[Fault]:
    for name, needed_by in project.installed.unlinked:
        yield Fault(
            f'{project.step.lock} links "{name}" for {needed_by}, and pnpm makes no such link where one directory holds all packages',
            "lock",
            f'write the override of "{name}" with file: and its path, and lock again; or make it a dependency of the root, by workspace:',
        )
    for path in project.needs:
        title = f'"{project.name(path)}" at "{project.path(path)}"'
        if path == ".":
            yield Fault(
                f'a package of the workspace depends on its root, "{project.name(path)}", which cannot be a layer of its own',
                "lock",
                "move the code that it needs into a member",
            )
            continue
        if not _is_locked(project, path) and project.manifest(path).production:
            yield Fault(
                f"{project.step.lock} links {title}, but does not lock its dependencies",
                "lock",
                "make both packages members of one workspace, and set lock to the lock file of its root",
            )
        entries = project.manifest(path).entries
        ignored = project.name(path) in project.step.ignore_unbuilt
        if entries and not ignored and not any(_exists(project, path, entry) for entry in entries):
            yield Fault(
                f'{title} has the main file "{entries[0]}", which does not exist in the project',
                "lock",
                "build the package first (such as npm run build), so that its output is in the project when the image is planned; "
                f'or let a Command step with after=["{project.context.name}"] create it at the place of the package, '
                f'and set ignore_unbuilt=["{project.name(path)}"]',
            )
    names = sorted(map(project.name, project.needs))
    for position, name in enumerate(project.step.ignore_unbuilt):
        if name not in names:
            yield Fault(
                f'"{name}" is not a local package of this step; allowed: {", ".join(names) or "none, it has none"}',
                f"ignore_unbuilt[{position}]",
                did_you_mean(name, names) or "leave it out",
            )


def _is_locked(project: NodeProject, path: str) -> bool:
    """Whether the lock has the dependencies of a local package: npm does not lock those of a link outside of its directory."""
    return path in project.lock.importers and not (project.tool == "npm" and path.startswith("../"))


def _exists(project: NodeProject, path: str, entry: str) -> bool:
    return any(has_file(project.context, project.path(posixpath.join(path, name))) for name in candidates(entry))


def _script_faults(project: NodeProject) -> Iterator[Fault]:
    step = project.step
    packages = dict.fromkeys((".", project.importer, *project.needs))
    known = {name for path in packages for name in project.manifest(path).lifecycle(project.tool)}
    for position, name in enumerate(step.ignore_root_scripts):
        if name not in known:
            yield Fault(
                f'no package.json has a script "{name}" that {project.tool} would run; '
                + (f"allowed: {', '.join(sorted(known))}" if known else "they have none"),
                f"ignore_root_scripts[{position}]",
                "leave it out",
            )
    for path in packages:
        scripts = project.scripts(path)
        manifest = project.path(posixpath.join(path, "package.json"))
        others = dict(scripts.others)
        if path != "." and scripts.patches is not None:
            others.update({name: project.manifest(path).scripts[name] for name in project.manifest(path).lifecycle(project.tool)})
        for name, script in others.items():
            if name not in step.ignore_root_scripts:
                yield Fault(
                    f'the script "{name}" of {manifest} runs "{script}", which the dependencies step does not run',
                    "lock",
                    f'run it in a Command step with after=["{project.context.name}"] if the image needs it, and set ignore_root_scripts=["{name}"]',
                )
        if path == "." and scripts.patches is not None and "patch-package" not in project.lock.versions:
            yield Fault(
                f"{manifest} applies patches with patch-package, which is not in {step.lock}",
                "lock",
                "run npm install --save-dev patch-package, and commit the lock",
            )


def _blocked_faults(project: NodeProject) -> Iterator[Fault]:
    """A fault for the packages whose install scripts the base's npm leaves out, with a line of its log as the only sign."""
    npm = project.context.programs.get("npm", "")
    blocked = undecided_scripts(project)
    if blocked and npm and int(npm.partition(".")[0]) >= BLOCKS_SINCE:
        yield Fault(
            f"npm {npm} of the base image runs no install script of {', '.join(blocked)}: {_not_named(project)}",
            "lock",
            f"{_approve(blocked)}; scripts = false runs none",
        )


def script_warnings(project: NodeProject) -> Iterator[str]:
    """What nobody can tell of install scripts, because the npm of the base is not known and may be one that leaves them out."""
    target = project.context.target
    may_block = (
        target.image != target.base.reference or int(target.base.runtime.removeprefix("nodejs").partition(".")[0]) >= _MAY_BLOCK_SINCE
    )
    blocked = undecided_scripts(project)
    if blocked and may_block and "npm" not in project.context.programs:
        yield (
            f"{project.context.name}: whether install scripts of {', '.join(blocked)} run cannot be told: npm {BLOCKS_SINCE} and newer run none "
            f"of them, because {_not_named(project)}, and optimizer.lock does not have the npm of {target.image}; {_approve(blocked)}"
        )


def undecided_scripts(project: NodeProject) -> tuple[str, ...]:
    """The packages, as ``name@version``, whose install scripts a newer npm would leave out without being told to."""
    if project.tool != "npm" or not project.step.scripts:
        return ()
    return undecided(project.installed.scripted_releases, project.manifest(".").allowed_scripts, project.settings(".npmrc"))


def _not_named(project: NodeProject) -> str:
    return f"{project.path('package.json')} names them neither as allowed nor as denied in allowScripts"


def _approve(blocked: tuple[str, ...]) -> str:
    names = dict.fromkeys(item.rpartition("@")[0] for item in blocked)
    return f"run npm install-scripts approve {' '.join(names)} (or deny), and commit package.json"


def engine_faults(project: NodeProject) -> Iterator[Fault]:
    """Of the versions that the project asks for, those on which the installer itself insists."""
    if not project.classic and not project.is_strict:
        return
    version = project.context.target.base.runtime.removeprefix("nodejs").partition(".")[0]
    wanted = project.manifest(".").node
    if wanted and not may_hold(wanted, int(version)):
        yield Fault(
            f'{project.path("package.json")} requires node "{wanted}" in its engines, but the runtime has {version}',
            "lock",
            "choose a runtime that fits, or change engines",
        )
