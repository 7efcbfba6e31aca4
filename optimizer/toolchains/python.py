"""Python packages from the lock files of pip, uv, poetry and pipenv.

Every tool's lock becomes a requirements file with hashes, and one installer
installs it, whichever tool a team locks with.  uv is the default: it is the
faster one, its version is pinned here where pip's is that of the base image,
and it installs for another architecture than its own with the right markers.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

from optimizer.errors import Fault
from optimizer.locks.wheels import uv_platform, without_wheel
from optimizer.model.plan import TREE, Input, Run, Stage
from optimizer.model.reference import ImageReference
from optimizer.model.steps import PythonDependencies
from optimizer.toolchains.secrets import replaces_index, with_index_of_pip, with_index_of_uv
from optimizer.toolchains.slim import remembered, slimmed
from optimizer.toolchains.system import build_tools
from optimizer.toolchains.toolchain import ProjectFiles, StepContext, Target, beside, compiled, missing_file, normalise

# The hashes are those of its wheels for Linux with the GNU C library, for builders of both architectures.
_UV = (
    "uv==0.13.9",
    "--hash=sha256:d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    "--hash=sha256:5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe",
    "--hash=sha256:ecb6028d79dc96fbeafffe5c8af62a7099487ebc05a701e76714eebcffd06375",
)
# Exporters run in environments of their own: what they need must neither meet nor change the packages of the base.
_EXPORTER = ("python", "-m", "uv", "tool", "run", "--quiet", "--python", "python")
_POETRY = ("--from", "poetry==2.5.1", "--with", "poetry-plugin-export==1.10.1", "poetry")
_PIPENV = ("--from", "pipenv==2026.10.3", "pipenv")
_TASK = f"{TREE}/var/task"
_SOURCE = "/src"
_EXPORTED = "/tmp/requirements.txt"
_COMPANION = {"uv.lock": "pyproject.toml", "poetry.lock": "pyproject.toml", "Pipfile.lock": "Pipfile"}
_UV_INSTALL = ("python", "-m", "uv", "pip", "install", "--link-mode", "copy", "--python", "python")
_PIP = ("python", "-m", "pip", "install", "--disable-pip-version-check", "--root-user-action=ignore")
# Both are made for many writers: https://docs.astral.sh/uv/concepts/cache/#cache-safety, https://pip.pypa.io/en/stable/topics/caching/
_CACHES = {"uv": ("/root/.cache/uv", "/root/.cache/pip"), "pip": ("/root/.cache/pip",)}
_NO_EXPORT: tuple[tuple[str, ...], ...] = ()


class PythonToolchain:
    """Packages installed into a directory, in a stage on the runtime's own base, so that its Python compiles them."""

    families: tuple[str, ...] = ("python",)

    def images(self, step: PythonDependencies, target: Target) -> tuple[ImageReference, ...]:
        return ()

    def check(self, step: PythonDependencies, context: StepContext) -> Iterable[Fault]:
        name = posixpath.basename(step.lock)
        if not name.endswith(".txt") and name not in _COMPANION:
            yield Fault(
                f'"{step.lock}" is no lock file of a known tool; allowed: a requirements file (*.txt), {", ".join(_COMPANION)}',
                "lock",
                "name the lock file itself, not pyproject.toml or Pipfile",
            )
            return
        if name.endswith(".txt"):
            if step.groups:
                yield Fault(f"{step.lock} has no dependency groups", "groups", "leave groups out, or lock with uv or poetry")
            yield from missing_file(context, step.lock, "lock", "the lock file", "create it, or mend the path")
            if context.project.kind(step.lock) == "file":
                yield from _requirements_faults(context.project, step.lock)
            return
        yield from missing_file(
            context,
            step.lock,
            "lock",
            "the lock file",
            f"create it with {name.partition('.')[0].lower().replace('pipfile', 'pipenv')} lock",
        )
        yield from missing_file(
            context, beside(step.lock, _COMPANION[name]), "lock", f"{name} needs its project file, and", "put it beside the lock file"
        )
        if step.groups and name == "Pipfile.lock":
            yield Fault("Pipfile.lock has no dependency groups", "groups", "leave groups out, or lock with uv or poetry")

    def installers(self, step: PythonDependencies, context: StepContext) -> Sequence[str]:
        return (step.installer, "pip")

    def stages(self, step: PythonDependencies, context: StepContext) -> Sequence[Stage]:
        name = posixpath.basename(step.lock)
        if name.endswith(".txt"):
            reads = _side_by_side(_requirement_files(context.project, step.lock))
            hashed = any("--hash=" in context.project.read_text(item.source) for item in reads)
            (requirements,) = (item.target for item in reads if item.source == step.lock)
            export = _NO_EXPORT
        else:
            reads = _side_by_side((step.lock, beside(step.lock, _COMPANION[name])))
            hashed, requirements = True, _EXPORTED
            export = _export(name, step)
        with_uv = step.installer == "uv" or bool(export)
        tools = (Run(commands=_get_uv(step), shared_caches=_CACHES["pip"], secrets=step.secrets),) if with_uv else ()
        return [
            Stage(
                name=context.name,
                step=context.name,
                title=f"Python packages of {step.lock}",
                stability=context.stability,
                origin=context.target.image,
                needs_target=_needs_target(step, context),
                slim=step.slim,
                actions=(
                    *remembered(context.target, step.slim),
                    *build_tools(context.target.base, step.build_packages),
                    # A run of its own: a changed lock finds the installer in the build cache.
                    *tools,
                    Run(
                        commands=(
                            *export,
                            (*_install(step, context, hashed), "--requirement", requirements),
                            # What installers leave behind for themselves.
                            ("rm", "-f", f"{_TASK}/.lock"),
                            *slimmed(context.target, step.slim),
                            *compiled(context.target),
                            normalise("python"),
                        ),
                        reads=reads,
                        shared_caches=_CACHES["uv" if with_uv else "pip"],
                        secrets=with_index_of_pip(step.secrets) if export else step.secrets,
                    ),
                ),
            )
        ]


def _install(step: PythonDependencies, context: StepContext, hashed: bool) -> tuple[str, ...]:
    """The command of the installer up to the requirements."""
    options = [
        *(("--require-hashes",) if hashed else ()),
        *(("--only-binary", ":all:") if step.wheels_only else ()),
        *_index(step),
    ]
    if step.installer == "pip":
        return (*_PIP, "--no-compile", "--prefer-binary", "--target", _TASK, *options)
    platform = uv_platform(context.target.base, context.target.architecture)
    return (*_UV_INSTALL, "--python-platform", platform, "--target", _TASK, *options)


def _index(step: PythonDependencies) -> tuple[str, ...]:
    return ("--index-url", step.index_url) if step.index_url else ()


def _get_uv(step: PythonDependencies) -> tuple[tuple[str, ...], ...]:
    # pip takes hashes from a requirements file alone.
    write = ("sh", "-c", 'echo "$@" > /tmp/uv.txt', "write", *_UV)
    install = (*_PIP, "--require-hashes", "--only-binary", ":all:", *_index(step), "--requirement", "/tmp/uv.txt")
    return (write, with_index_of_uv(install, step.secrets))


def _needs_target(step: PythonDependencies, context: StepContext) -> str:
    if step.installer == "pip":
        return "pip installs for the platform that it runs on"
    if step.build_packages:
        return "its build packages compile for the platform that they run on"
    name = posixpath.basename(step.lock)
    if name not in _COMPANION:
        return ""
    target = context.target
    missing = without_wheel(name, context.project.read_text(step.lock), step.groups, target.base, target.architecture)
    if not missing:
        return ""
    more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    return f"no wheel for {target.architecture}: {', '.join(missing[:3])}{more}"


def _side_by_side(paths: Iterable[str]) -> tuple[Input, ...]:
    """The files as they stand to one another, wherever in the project they are: equal files in two functions are one build."""
    files = sorted(paths)
    top = posixpath.commonpath([posixpath.dirname(path) for path in files]) or "."
    return tuple(Input(source=path, target=posixpath.join(_SOURCE, posixpath.relpath(path, top)), directory=False) for path in files)


def _export(lock: str, step: PythonDependencies) -> tuple[tuple[str, ...], ...]:
    exporter = (*_EXPORTER, *_index(step))
    match lock:
        case "uv.lock":
            export = ["python", "-m", "uv", "export", "--project", _SOURCE, "--frozen", "--no-dev", "--no-emit-workspace"]
            export += [word for group in step.groups for word in ("--group", group)]
            return ((*export, "--no-header", "--quiet", "--format", "requirements-txt", "--output-file", _EXPORTED),)
        case "poetry.lock":
            export = [*exporter, *_POETRY, "export", "--directory", _SOURCE, "--no-interaction"]
            export += [word for group in step.groups for word in ("--with", group)]
            export += ["--without-urls"] if replaces_index(step) else []
            return ((*export, "--format", "requirements.txt", "--output", _EXPORTED),)
        case _:
            # pipenv prints its export, and has no option to write it.
            without = ("--exclude-index",) if replaces_index(step) else ()
            script = f'cd "$1" && shift && PIPENV_IGNORE_VIRTUALENVS=1 "$@" > {_EXPORTED}'
            return (("sh", "-c", script, "export", _SOURCE, *exporter, *_PIPENV, "requirements", "--hash", *without),)


_INCLUDE = re.compile(r"^\s*(?:-r|--requirement|-c|--constraint)(?:\s+|=)(?P<path>[^\s#]+)")
_LOCAL = re.compile(r"^\s*(?:-e\b|--editable\b|\.{1,2}/|/|file:)|@\s*file:")


def _requirement_files(project: ProjectFiles, path: str) -> Iterator[str]:
    """The requirements file and everything that it includes, each once."""
    seen: set[str] = set()
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if current in seen or project.kind(current) != "file":
            continue
        seen.add(current)
        yield current
        for line in project.read_text(current).splitlines():
            match = _INCLUDE.match(line)
            if match and "://" not in match["path"]:
                waiting.append(posixpath.normpath(beside(current, match["path"])))


def _requirements_faults(project: ProjectFiles, path: str) -> Iterator[Fault]:
    for current in _requirement_files(project, path):
        for number, line in enumerate(project.read_text(current).splitlines(), 1):
            include = _INCLUDE.match(line)
            if include and "://" not in include["path"]:
                target = posixpath.normpath(beside(current, include["path"]))
                if target.startswith("../") or target.startswith("/"):
                    yield Fault(
                        f'{current}:{number} includes "{include["path"]}", which is outside the project', "lock", "move it into the project"
                    )
                elif project.kind(target) != "file":
                    yield Fault(
                        f'{current}:{number} includes "{include["path"]}", which does not exist',
                        "lock",
                        "create the file, or mend the line",
                    )
            elif _LOCAL.search(line):
                yield Fault(
                    f'{current}:{number} names a local path: "{line.strip()}"', "lock", "declare first-party code as a SourceCode step"
                )
