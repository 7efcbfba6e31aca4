"""A first spec for code that has no Dockerfile."""

from __future__ import annotations

import posixpath
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from optimizer.adoption.code import TASK, FunctionCode
from optimizer.adoption.dependencies import dependencies
from optimizer.adoption.guesses import Guess
from optimizer.adoption.proposal import NotCarried, Proposal
from optimizer.adoption.typescript import TypeScript, built, is_typescript
from optimizer.adoption.unlocked import unlocked
from optimizer.bases.catalogue import BaseImage, base_image
from optimizer.bases.handlers import FORMS, check_handler
from optimizer.errors import ContextError
from optimizer.locks import cargo, dotnet, gradle, maven
from optimizer.locks.files import ProjectFiles, directory_of, is_file, joined, leaves, upwards
from optimizer.model import steps
from optimizer.model.spec import ImageSpec
from optimizer.toolchains.toolchain import Target

_OF_THE_PROJECT = (
    "*.image.toml", "optimizer.toml", "optimizer.lock", ".optimizer", "cdk.json", "cdk.out", "template.y*ml", "samconfig.*", ".aws-sam",
    "events", "tests",
)  # fmt: skip
"""What stands at the top of a project, and is no code of a function that stands there too."""


@dataclass(slots=True)
class _Draft:
    """What a spec is put together from."""

    steps: list[steps.Step] = field(default_factory=list)
    guesses: list[Guess] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    not_carried: list[NotCarried] = field(default_factory=list)


def start(
    runtime: str,
    code: FunctionCode,
    project: ProjectFiles,
    architecture: str,
    *,
    apps: Collection[str] = (),
    guesses: Collection[Guess] = (),
    handler_from: str = "",
) -> Proposal:
    """A spec for the code of a function: the lock of its packages, or its build, where there is one.

    ``apps`` are the directories of CDK apps, whose own files are no function's;
    ``guesses`` are those by which the caller came to the runtime and the
    architecture, and ``handler_from`` is what tells the first handler, where
    that is not the first of the files.  Raises :class:`SpecError` for an unknown runtime, and
    :class:`ContextError` for a directory that is not there.
    """
    base = base_image(runtime)
    if project.kind(code.directory) != "directory":
        raise ContextError(
            f'"{code.directory}" is not a directory of the project', code.directory, "name the directory of the function's code"
        )
    draft = _Draft(guesses=list(guesses))
    compiled = _compiled(base, code, project)
    if compiled is not None:
        draft.steps.append(compiled)
    else:
        code = _interpreted(draft, base, code, project, architecture, apps)
    handler = _handler(draft, base, code, handler_from or f"{code.files[0] if code.files else code.directory} defines it")
    spec = ImageSpec(
        runtime=base.runtime,
        architecture=architecture,
        steps=draft.steps,
        allow=(base.runtime,) if base.status in ("preview", "retired") else (),
    )
    return Proposal(
        dockerfile="",
        spec=spec,
        handler=handler,
        lines=((),) * len(draft.steps),
        accounts=(),
        not_carried=tuple(draft.not_carried),
        remarks=tuple(draft.remarks),
        guesses=tuple(draft.guesses),
    )


def _interpreted(
    draft: _Draft, base: BaseImage, code: FunctionCode, project: ProjectFiles, architecture: str, apps: Collection[str]
) -> FunctionCode:
    """The packages and the code, for a runtime that loads it as it is, or as it was built; with the handlers of what is built."""
    found = dependencies(base.family, code.directory, project, apps)
    target = Target(base=base, image=base.reference, architecture=architecture)
    made = built(code, target, project) if base.family == "nodejs" and is_typescript(code.directory, project) else None
    packages = not isinstance(made, TypeScript) or made.packages
    if found.step is not None and packages:
        draft.steps.append(found.step)
    draft.guesses += found.guesses
    draft.not_carried += found.not_carried if packages else ()
    if isinstance(found.step, steps.PythonDependencies) and found.step.lock.endswith(".txt"):
        said = unlocked(found.step.lock, project.read_text(found.step.lock), target)
        draft.remarks += [said] if said is not None else []
    if isinstance(made, NotCarried):
        draft.not_carried.append(made)
        return code
    if made is not None:
        draft.steps.append(made.step)
        draft.remarks.append(f'the code in "{code.directory}" is TypeScript: the step "{made.step.title}" {made.how}')
        return replace(code, handlers=made.handlers or code.handlers)
    exclude = _OF_THE_PROJECT if code.directory == "." else ()
    draft.steps.append(steps.SourceCode(code.directory, to=code.to, exclude=exclude))
    if code.to != TASK:
        draft.guesses.append(Guess(code.to, f"{code.files[0]} imports what is beside it by the name of the package"))
    return code


def _handler(draft: _Draft, base: BaseImage, code: FunctionCode, reason: str) -> str:
    handlers = [handler for handler in code.handlers if check_handler(base, handler) is None]
    if not handlers:
        draft.remarks.append("the handler is an example")
        return FORMS[base.family].example
    if base.family != "provided":
        draft.guesses.append(Guess(f"handler {handlers[0]}", reason))
    if len(handlers) > 1:
        draft.remarks.append(f"further handlers in it, for functions that share the image: {', '.join(handlers[1:])}")
    return handlers[0]


def _compiled(base: BaseImage, code: FunctionCode, project: ProjectFiles) -> steps.Step | None:
    """The step that builds the code; None for a runtime that loads it as it is, and where nothing says how it is built."""

    def has(*names: str) -> bool:
        return any(is_file(project, joined(code.directory, name)) for name in names)

    if base.family == "dotnet":
        return _dotnet(code, project)
    if base.family == "java" and has(maven.POM, *gradle.BUILD, *gradle.SETTINGS):
        return _java(code.directory, "maven" if has(maven.POM) else "gradle", project)
    if base.family == "provided":
        module = directory_of(code.manifest) if code.language == "Go" and code.manifest else code.directory
        if code.language != "Rust" and is_file(project, joined(module, "go.mod")):
            return steps.GoBuild(module, package=_inside(code.directory, module))
        if has(cargo.MANIFEST):
            return _rust(code.directory, project)
    return None


def _dotnet(code: FunctionCode, project: ProjectFiles) -> steps.Step:
    """The project, from the directory that holds those that it references too."""
    if not code.manifest:
        return steps.DotnetBuild(code.directory)
    directories = dotnet.sources(project, code.directory, code.manifest).directories
    inside = [directory for directory in directories if not leaves(directory)]
    root = posixpath.commonpath([f"/{posixpath.normpath(directory)}" for directory in inside]).strip("/") if "." not in inside else ""
    if root == code.directory:
        return steps.DotnetBuild(code.directory)
    return steps.DotnetBuild(root or ".", project=_inside(code.directory, root or "."))


def _java(directory: str, tool: str, project: ProjectFiles) -> steps.Step:
    """The build; of a build of several modules, from its root."""
    root = directory
    if tool == "gradle":
        root = gradle.owner(project, directory) or directory
    else:
        for above in list(upwards(directory))[1:]:
            if is_file(project, joined(above, maven.POM)) and directory in _modules(above, project):
                root = above
    return steps.JavaBuild(root, tool=tool, module=_inside(directory, root) if root != directory else None)


def _modules(directory: str, project: ProjectFiles) -> list[str]:
    """The directories of a build by Maven; none where a POM cannot be read, which the plan says."""
    try:
        return [pom.directory for pom in maven.reactor(project, directory)]
    except ValueError:
        return []


def _rust(directory: str, project: ProjectFiles) -> steps.Step:
    """The first binary of the package; of a workspace, from its root."""
    try:
        members = cargo.sources(project, directory).members
        root = cargo.workspace_of(project, directory)
    except ValueError:
        # The plan says what is wrong with the manifest.
        return steps.RustBuild(directory)
    name, binaries = members[0] if members else ("", ())
    binary = "bootstrap" if not binaries or "bootstrap" in binaries else binaries[0]
    return steps.RustBuild(root or directory, binary=binary, package=name if root else None)


def _inside(directory: str, above: str) -> str:
    """The directory as seen from one above it."""
    return "." if directory == above else directory if above == "." else directory.removeprefix(f"{above}/")
