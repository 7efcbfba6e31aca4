"""Whether the packages of a lock can be installed on another platform than the image's."""

from __future__ import annotations

from optimizer.model.architectures import BY_NAME
from optimizer.model.plan import OnTarget
from optimizer.model.recipes.nodejs import NodePlatform
from optimizer.toolchains.nodejs_project import NodeProject
from optimizer.toolchains.toolchain import Target

# The npm of older runtimes takes no notice of --cpu.
_CROSS_SINCE = 18
_PNPM_BUILDS = ("onlyBuiltDependencies", "dangerouslyAllowAllBuilds", "allowBuilds")


def platform(target: Target) -> NodePlatform:
    """The platform of the target; every base has the GNU C library."""
    return NodePlatform(cpu=BY_NAME[target.architecture].cpu, os="linux", libc="glibc")


def on_target(project: NodeProject) -> OnTarget | None:
    """Why the packages must be installed on the image's own platform; None where they need not."""
    reason = _reason(project)
    return OnTarget(reason) if reason else None


def _reason(project: NodeProject) -> str:
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
        return "its lock file does not record which packages run scripts"
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
