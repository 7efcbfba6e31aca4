"""Python packages from the lock files of pip, uv, poetry and pipenv.

Every tool's lock becomes a requirements file with hashes, and pip installs it:
one installer means one form of tree, whichever tool a team locks with.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

from optimizer.errors import Fault
from optimizer.model.plan import TREE, Run, Stage
from optimizer.model.reference import ImageReference
from optimizer.model.steps import PythonDependencies
from optimizer.toolchains.system import build_tools
from optimizer.toolchains.toolchain import ProjectFiles, StepContext, Target, beside, file_input, missing_file, normalise

_UV = ("uv==0.13.9",)
_POETRY = ("poetry==2.5.1", "poetry-plugin-export==1.10.1")
_PIPENV = ("pipenv==2026.10.3",)
_EXPORTED = "/tmp/requirements.txt"
_COMPANION = {"uv.lock": "pyproject.toml", "poetry.lock": "pyproject.toml", "Pipfile.lock": "Pipfile"}
_PIP = ("python", "-m", "pip", "install", "--disable-pip-version-check", "--root-user-action=ignore")
_CACHE = "/root/.cache/pip"
_NO_EXPORT: tuple[tuple[str, ...], ...] = ()


class PythonToolchain:
    """``pip install --target`` in a stage on the runtime's own base, so that wheels match its C library."""

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

    def stages(self, step: PythonDependencies, context: StepContext) -> Sequence[Stage]:
        name = posixpath.basename(step.lock)
        directory = posixpath.join("/src", posixpath.dirname(step.lock))
        if name.endswith(".txt"):
            paths = tuple(_requirement_files(context.project, step.lock))
            hashed = any("--hash=" in context.project.read_text(path) for path in paths)
            requirements, export = posixpath.join("/src", step.lock), _NO_EXPORT
        else:
            paths = (step.lock, beside(step.lock, _COMPANION[name]))
            hashed, requirements = True, _EXPORTED
            export = _export(name, directory, step.groups)
        install = [*_PIP, "--no-compile", "--prefer-binary", "--target", f"{TREE}/var/task"]
        install += ["--require-hashes"] if hashed else []
        install += ["--only-binary", ":all:"] if step.wheels_only else []
        install += ["--index-url", step.index_url] if step.index_url else []
        install += ["--requirement", requirements]
        return [
            Stage(
                name=context.name,
                step=context.name,
                title=f"Python packages of {step.lock}",
                stability=context.stability,
                origin=context.target.image,
                actions=(
                    *build_tools(context.target.base, step.build_packages),
                    Run(
                        commands=(*export, tuple(install), normalise("python")),
                        reads=tuple(map(file_input, sorted(paths))),
                        caches=(_CACHE,),
                        secrets=step.secrets,
                    ),
                ),
            )
        ]


def _export(lock: str, directory: str, groups: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    match lock:
        case "uv.lock":
            export = ["python", "-m", "uv", "export", "--project", directory, "--frozen", "--no-dev", "--no-emit-workspace"]
            export += [word for group in groups for word in ("--group", group)]
            return ((*_PIP, *_UV), (*export, "--no-header", "--quiet", "--format", "requirements-txt", "--output-file", _EXPORTED))
        case "poetry.lock":
            export = ["python", "-m", "poetry", "export", "--directory", directory, "--no-interaction"]
            export += [word for group in groups for word in ("--with", group)]
            return ((*_PIP, *_POETRY), (*export, "--format", "requirements.txt", "--output", _EXPORTED))
        case _:
            # pipenv prints its export, and has no option to write it.
            script = f'cd "$1" && PIPENV_IGNORE_VIRTUALENVS=1 python -m pipenv requirements --hash > {_EXPORTED}'
            return ((*_PIP, *_PIPENV), ("sh", "-c", script, "export", directory))


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
