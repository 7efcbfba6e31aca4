"""A first spec for code that has no Dockerfile."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from optimizer.adoption.proposal import NotCarried, Proposal
from optimizer.adoption.typescript import compiled, is_typescript
from optimizer.bases.catalogue import BaseImage, base_image
from optimizer.bases.handlers import FORMS
from optimizer.errors import ContextError
from optimizer.locks.managers import lock_names
from optimizer.model import steps
from optimizer.model.spec import ImageSpec
from optimizer.toolchains import ProjectFiles

_LOCKS: dict[str, tuple[type[steps.Step], tuple[str, ...]]] = {
    "python": (steps.PythonDependencies, (*lock_names("python"), "requirements.txt")),
    "nodejs": (steps.NodeDependencies, lock_names("nodejs")),
    "ruby": (steps.RubyDependencies, lock_names("ruby")),
}


def start(runtime: str, directory: str, project: ProjectFiles, architecture: str) -> Proposal:
    """A spec for the code in a directory of the project: its lock file, or its build file, where there is one.

    Raises :class:`SpecError` for an unknown runtime, and :class:`ContextError`
    for a directory that is not there.
    """
    base = base_image(runtime)
    if project.kind(directory) != "directory":
        raise ContextError(f'"{directory}" is not a directory of the project', directory, "name the directory of the function's code")
    found = list(_steps(base, directory, project))
    not_carried: list[NotCarried] = []
    remarks = ["the handler is an example"]
    if base.family == "nodejs" and is_typescript(directory, project):
        made = compiled(directory, project)
        if isinstance(made, NotCarried):
            not_carried.append(made)
        else:
            found.append(made)
            remarks.append(f'the code in "{directory}" is TypeScript: the step "{made.title}" compiles it with npm run build')
        found = [step for step in found if not isinstance(step, steps.SourceCode)]
    spec = ImageSpec(
        runtime=base.runtime,
        architecture=architecture,
        steps=found,
        allow=(base.runtime,) if base.status in ("preview", "retired") else (),
    )
    return Proposal(
        dockerfile="",
        spec=spec,
        handler=FORMS[base.family].example,
        lines=((),) * len(found),
        accounts=(),
        not_carried=tuple(not_carried),
        remarks=tuple(remarks),
    )


def _steps(base: BaseImage, directory: str, project: ProjectFiles) -> Iterator[steps.Step]:
    def has(name: str) -> bool:
        return project.kind(posixpath.normpath(posixpath.join(directory, name))) == "file"

    if base.family in ("java", "dotnet", "provided"):
        built = _built(base, directory, has("pom.xml"), has("build.gradle") or has("build.gradle.kts"), has("go.mod"), has("Cargo.toml"))
        if built is not None:
            yield built
            return
    kind, names = _LOCKS.get(base.family, (None, ()))
    for name in names:
        if kind is not None and has(name):
            yield kind(lock=posixpath.normpath(posixpath.join(directory, name)))  # type: ignore[call-arg]
            break
    yield steps.SourceCode(directory)


def _built(base: BaseImage, directory: str, maven: bool, gradle: bool, go: bool, rust: bool) -> steps.Step | None:
    if base.family == "dotnet":
        return steps.DotnetBuild(directory)
    if base.family == "java" and (maven or gradle):
        return steps.JavaBuild(directory, tool="maven" if maven else "gradle")
    if base.family == "provided" and (go or rust):
        return steps.GoBuild(directory) if go else steps.RustBuild(directory)
    return None
