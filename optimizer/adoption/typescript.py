"""Code in TypeScript, which the runtime does not load: the step that builds it, as far as the project says how."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from optimizer.adoption.code import FunctionCode
from optimizer.adoption.proposal import NotCarried
from optimizer.locks.files import ProjectFiles, is_file, joined
from optimizer.locks.nodejs_manifest import Manifest, read_manifest
from optimizer.locks.tsconfig import out_directory
from optimizer.model import steps
from optimizer.model.stability import Stability
from optimizer.toolchains.nodejs_build import NodeBuildToolchain
from optimizer.toolchains.nodejs_build_check import ENDINGS, USUAL_ENTRIES
from optimizer.toolchains.nodejs_package import MANIFEST, bundle_names
from optimizer.toolchains.toolchain import StepContext, Target

_OUT_OPTION = re.compile(r"--out(?P<kind>dir|file|Dir)[= ]\s*[\"']?(?P<path>[\w./-]+)")
_SCRIPT = "build"


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeScript:
    """How the code is built.

    ``packages`` says whether the image needs the packages of the lock beside
    it, and ``how`` tells a person what the step does.  ``handlers`` are those
    of what is made, empty where only the script knows its names.
    """

    step: steps.NodeBuild
    packages: bool
    how: str
    handlers: tuple[str, ...] = ()


def is_typescript(directory: str, project: ProjectFiles) -> bool:
    """Whether the code of a directory is TypeScript, by its configuration or the usual names of a first file."""
    return any(is_file(project, joined(directory, name)) for name in ("tsconfig.json", *USUAL_ENTRIES))


def built(code: FunctionCode, target: Target, project: ProjectFiles) -> TypeScript | NotCarried:
    """The step that builds the code by the project's own script, where that says what it makes, else by esbuild; what is in its way, to be done by hand."""
    manifest = _manifest(code.directory, project)
    output = _output(code.directory, manifest, project)
    entries = _entries(code, project)
    if output is not None:
        made = TypeScript(
            step=steps.NodeBuild(code.directory, script=_SCRIPT, output=output),
            packages=manifest.bundles(_SCRIPT) is not True,
            how=f'builds it with the script "{_SCRIPT}" of package.json',
        )
    elif entries:
        names = bundle_names(entries)
        exported = {handler.rpartition("/")[2].partition(".")[2] for handler in code.handlers} or {"handler"}
        made = TypeScript(
            step=steps.NodeBuild(code.directory, entries=entries),
            packages=False,
            how=f"bundles {', '.join(entries)} with esbuild",
            handlers=tuple(f"{name}.{export}" for name in names.values() for export in sorted(exported)) if len(exported) == 1 else (),
        )
    else:
        return NotCarried(
            f'the code in "{code.directory}" is TypeScript, which the runtime does not run, and no file of it defines a handler',
            "add a node-build step whose entries are the files of the handlers",
        )
    context = StepContext(name=made.step.title, stability=Stability.DAILY, target=target, project=project)
    faults = list(NodeBuildToolchain().check(made.step, context))
    if faults:
        return NotCarried(
            f'the code in "{code.directory}" is TypeScript, which the runtime does not run: {faults[0].message}', faults[0].hint
        )
    return made


def _entries(code: FunctionCode, project: ProjectFiles) -> tuple[str, ...]:
    """The files that Lambda enters, relative to the code's directory."""
    files = [posixpath.relpath(path, code.directory) for path in code.files if path.endswith(ENDINGS)]
    usual = (name for name in USUAL_ENTRIES if is_file(project, joined(code.directory, name)))
    return tuple(files) or tuple(usual)[:1]


def _output(directory: str, manifest: Manifest, project: ProjectFiles) -> str | None:
    """The directory of what the script makes, relative to the code's; None where there is no script, or nothing says it."""
    if _SCRIPT not in manifest.scripts:
        return None
    script = manifest.scripts[_SCRIPT]
    if match := _OUT_OPTION.search(script):
        found: str | None = match["path"] if match["kind"] != "file" else posixpath.dirname(match["path"])
    else:
        found = out_directory(project, directory)
    normal = posixpath.normpath(found) if found else ""
    return normal if normal and normal != "." and not normal.startswith(("/", "../")) and normal != ".." else None


def _manifest(directory: str, project: ProjectFiles) -> Manifest:
    path = joined(directory, MANIFEST)
    return (read_manifest(project.read_text(path)) if is_file(project, path) else None) or Manifest()
