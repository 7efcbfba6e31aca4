"""What is wrong with a step that builds TypeScript or JavaScript, reported before the build."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from optimizer.errors import Fault, did_you_mean
from optimizer.locks.files import is_file, joined
from optimizer.locks.nodejs_manifest import Manifest
from optimizer.model.fields import is_unset
from optimizer.model.steps import NodeBuild
from optimizer.toolchains.nodejs_check import credential_faults, engine_faults, form_faults, lock_faults, refused_faults
from optimizer.toolchains.nodejs_package import MANIFEST, NodePackage, bundle_names, lock_of, read_package
from optimizer.toolchains.nodejs_project import manifest_at
from optimizer.toolchains.toolchain import StepContext, missing_directory, not_there

ENDINGS = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
"""The endings of files that esbuild bundles without settings of its own."""

USUAL_ENTRIES = tuple(f"{folder}{name}.ts" for folder in ("src/", "") for name in ("index", "app", "handler", "lambda", "main"))
"""The usual names of a file that defines a handler."""

_OF_BUNDLES = ("external", "format", "minify", "source_maps")
_OF_SCRIPTS = ("environment",)


def build_faults(step: NodeBuild, context: StepContext) -> Iterator[Fault]:
    """The faults of a step; places are relative to it."""
    yield from missing_directory(context, step.source, "source", "the package")
    if context.project.kind(step.source) != "directory":
        return
    yield from _way_faults(step, context)
    for index, path in enumerate(step.inputs):
        if context.project.kind(path) is None:
            yield Fault(f'"{path}" {not_there(context)}', f"inputs[{index}]", "fix the path; it is relative to the project's root")
    lock = lock_of(step, context)
    if lock is None:
        yield Fault(
            f'no lock file of npm, pnpm or Yarn is in "{step.source}" or above it',
            "lock",
            "create it with npm install, yarn install or pnpm install, or set lock to it",
        )
        return
    faults = list(lock_faults(lock, context))
    yield from faults
    yield from credential_faults(lock, context)
    if not faults:
        yield from _project_faults(read_package(step, context))


def _way_faults(step: NodeBuild, context: StepContext) -> Iterator[Fault]:
    """The faults of how the step builds."""
    manifest = manifest_at(context, joined(step.source, MANIFEST))
    if bool(step.entries) == (step.script is not None):
        given = "both entries and script are given" if step.entries else "neither entries nor script is given"
        yield Fault(given, "entries", _suggestion(step, manifest, context))
    for name in _OF_SCRIPTS if step.entries else _OF_BUNDLES if step.script is not None else ():
        if not is_unset(step, name):
            yield Fault(
                f"{name} has no effect on {'esbuild' if step.entries else f'the script {step.script}'}",
                name,
                "remove it" if step.entries else "remove it, and set it where the script configures its build",
            )
    if step.script is not None:
        yield from _script_faults(step, step.script, manifest, context)
    yield from _entry_faults(step, context)


def _suggestion(step: NodeBuild, manifest: Manifest, context: StepContext) -> str:
    entry = next((name for name in USUAL_ENTRIES if is_file(context.project, joined(step.source, name))), "src/app.ts")
    bundle = f'set entries=["{entry}"] to bundle it with esbuild'
    return f'{bundle}, or script="build" to run that of package.json' if "build" in manifest.scripts else bundle


def _script_faults(step: NodeBuild, script: str, manifest: Manifest, context: StepContext) -> Iterator[Fault]:
    path = joined(step.source, MANIFEST)
    if context.project.kind(path) != "file":
        yield Fault(f'the script "{script}" needs "{path}", which {not_there(context)}', "source", f"name the directory of {MANIFEST}")
    elif script not in manifest.scripts:
        known = sorted(manifest.scripts)
        yield Fault(
            f'"{path}" has no script "{script}"; allowed: {", ".join(known) or "none, it has none"}',
            "script",
            did_you_mean(script, known) or 'set entries=["src/app.ts"] to bundle with esbuild',
        )
    if step.output == ".":
        yield Fault('output "." is the source itself', "output", 'let the script write into a directory of its own, such as "dist"')


def _entry_faults(step: NodeBuild, context: StepContext) -> Iterator[Fault]:
    names = bundle_names(step.entries)
    taken: dict[str, str] = {}
    for index, entry in enumerate(step.entries):
        place, path = f"entries[{index}]", joined(step.source, entry)
        if context.project.kind(path) != "file":
            yield Fault(f'"{path}" {not_there(context)}', place, "fix the path; it is relative to the source")
        elif not entry.endswith(ENDINGS):
            yield Fault(
                f'"{entry}" is no file of TypeScript or JavaScript; allowed: {", ".join(ENDINGS)}', place, "name the file of the handler"
            )
        elif step.output != "." and entry.startswith(f"{step.output}/"):
            yield Fault(
                f'"{entry}" is in output, which the build does not read', place, "name the source of it, or set output to another directory"
            )
        if taken.setdefault(names[entry], entry) != entry:
            yield Fault(f'"{taken[names[entry]]}" and "{entry}" both become "{names[entry]}.js"', place, "rename one of them")


def _project_faults(package: NodePackage) -> Iterator[Fault]:
    project, source = package.project, package.step.source
    form = list(form_faults(project))
    yield from form
    if form:
        return
    yield from refused_faults(project)
    manifest = joined(source, MANIFEST)
    own = posixpath.normpath(source) != project.directory and is_file(project.context.project, manifest)
    if own and project.importer == ".":
        members = ", ".join(sorted(project.members)) or "none, it has no workspace"
        yield Fault(
            f'{project.step.lock} installs nothing for "{manifest}"; members: {members}',
            "lock",
            "lock in the directory of the package, or make it a member of the workspace",
        )
    yield from engine_faults(project)
