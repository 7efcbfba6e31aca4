"""Java projects of Maven and Gradle: libraries and classes in stages of their own."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import replace

from optimizer.errors import Fault, did_you_mean
from optimizer.locks import gradle, maven
from optimizer.locks.files import upwards
from optimizer.locks.java import JavaBuildFiles
from optimizer.locks.local import Local
from optimizer.model.inputs import Input
from optimizer.model.plan import Stage
from optimizer.model.recipes.programs import JavaClasses, JavaLibraries
from optimizer.model.reference import ImageReference
from optimizer.model.stability import Stability
from optimizer.model.steps import JavaBuild
from optimizer.toolchains.sources import Placement
from optimizer.toolchains.toolchain import Rank, StepContext, Target, below, missing_directory

_OUTPUTS = ("target", "build", ".gradle", "src/test")


class JavaToolchain:
    """The builder has the Java version of the runtime; byte-code does not depend on the architecture."""

    families: tuple[str, ...] = ("java",)
    rank: int = Rank.JAVA_BUILD
    sees_trees: bool = False

    def images(self, step: JavaBuild, target: Target) -> tuple[ImageReference, ...]:
        if step.builder is not None:
            return (step.builder,)
        # Without the project's files, as `optimizer pin` may ask, only a named tool is known; Maven is Lambda's usual one.
        return (_builder(step.tool or "maven", target),)

    def check(self, step: JavaBuild, context: StepContext) -> Iterable[Fault]:
        yield from missing_directory(context, step.source, "source", "the Java project")
        if context.project.kind(step.source) != "directory":
            return
        found = _tools(step, context)
        if not found:
            yield Fault(
                f'"{step.source}" holds no pom.xml, build.gradle, settings.gradle or one of their Kotlin forms',
                "source",
                "name the directory of the build file",
            )
        elif len(found) > 1 and step.tool is None:
            yield Fault(f'"{step.source}" holds build files of both Maven and Gradle', "tool", 'set tool="maven" or tool="gradle"')
        elif step.tool is not None and step.tool not in found:
            yield Fault(f'"{step.source}" holds no build file of {step.tool}', "tool", f'set tool="{found[0]}"')
        elif found == ["gradle"] and step.tool is None and step.builder is None:
            yield Fault(f'"{step.source}" is a Gradle project', "tool", 'set tool="gradle", so that `optimizer pin` knows the builder')
        elif (step.tool or found[0]) == "maven":
            yield from _maven_faults(step, context)
        else:
            yield from _gradle_faults(step, context)

    def local(self, step: JavaBuild, context: StepContext) -> Iterable[Local]:
        return _build_files(step, context).local

    def installers(self, step: JavaBuild, context: StepContext) -> Sequence[str]:
        return ((step.tool or _tools(step, context)[0]).capitalize(),)

    def stages(self, step: JavaBuild, context: StepContext) -> Sequence[Stage]:
        tool = step.tool or _tools(step, context)[0]
        origin = step.builder or _builder(tool, context.target)
        found = _build_files(step, context)
        own = posixpath.normpath(step.source)
        placement = Placement.of(own, (*found.modules, *found.directories, *map(posixpath.dirname, found.files)))
        # A project beside the source is a source too.  One without a build script still has to be a directory.
        sources = _sources(placement, (own, *found.modules, *found.directories), found.builds)
        beside = placement.files(path for path in found.files if not _within(path, sources))
        if found.computed:
            build_files = (*beside, *sources)
        else:
            whole = _sources(placement, found.directories, found.builds)
            build_files = (*placement.files(path for path in found.files if not _within(path, whole)), *whole)
        modules = tuple(placement.place(module) for module in found.modules)
        title = step.source if step.module in (None, ".") else f"{step.source}, module {step.module}"
        return [
            Stage(
                name=f"{context.name}-dependencies",
                step=context.name,
                title=f"Java libraries of {title}",
                # A release of the classes seldom touches what they depend on.
                stability=min(Stability.MONTHLY, context.stability),
                origin=origin,
                recipe=JavaLibraries(
                    build_tool=tool,
                    workdir=placement.workdir,
                    module=step.module,
                    modules=modules,
                    copies=build_files,
                    secrets=step.secrets,
                ),
            ),
            Stage(
                name=f"{context.name}-classes",
                step=context.name,
                title=f"Java classes of {title}",
                stability=context.stability,
                origin=origin,
                recipe=JavaClasses(
                    build_tool=tool,
                    workdir=placement.workdir,
                    module=step.module,
                    modules=modules,
                    copies=(*beside, *sources),
                    secrets=step.secrets,
                ),
            ),
        ]


def _sources(placement: Placement, directories: Iterable[str], builds: Iterable[str]) -> tuple[Input, ...]:
    """The directories without the outputs of the builds in them; a repository may have a directory of such a name."""
    outputs = [posixpath.join(build, name) for build in builds for name in _OUTPUTS]
    return tuple(
        replace(
            item, exclude=(*item.exclude, *(f"{posixpath.relpath(path, item.source)}/" for path in outputs if item.source in upwards(path)))
        )
        for item in placement.directories(directories)
    )


def _within(path: str, directories: Iterable[Input]) -> bool:
    return any(item.source in upwards(path) for item in directories)


def _build_files(step: JavaBuild, context: StepContext) -> JavaBuildFiles:
    tool = step.tool or _tools(step, context)[0]
    read = maven.build_files if tool == "maven" else gradle.build_files
    return read(context.project, posixpath.normpath(step.source))


def _maven_faults(step: JavaBuild, context: StepContext) -> Iterable[Fault]:
    source = posixpath.normpath(step.source)
    try:
        # Whatever is read later is read here first, so that every unreadable POM is a fault.
        maven.build_files(context.project, source)
        poms = maven.reactor(context.project, source)
        parents = maven.above(context.project, poms[0])
        others = {} if step.module else _siblings(context, poms[0], parents)
    except ValueError as error:
        yield Fault(str(error), "source", "fix the file; check it with mvn validate")
        return
    modules = sorted(posixpath.relpath(pom.directory, source) for pom in poms[1:])
    if step.module is not None:
        yield from _module_fault(step, modules)
    elif modules:
        yield _several(f"{below(source, maven.POM)}", modules)
    for sibling in (item for item in poms[0].dependencies if item in others):
        root = others[sibling]
        yield Fault(
            f'"{poms[0].path}" depends on "{sibling[1]}", a module of "{root}"',
            "source",
            f'set source="{posixpath.dirname(root) or "."}" and module="{posixpath.relpath(source, posixpath.dirname(root) or ".")}"',
        )
    for pom in poms:
        for path in pom.system:
            yield Fault(
                f'"{pom.path}" has a library of the scope "system" at "{path}", which Maven does not copy',
                "source",
                "put it into a repository, such as one in the project with the URL file://${project.basedir}/repository",
            )


def _siblings(context: StepContext, pom: maven.Pom, parents: Sequence[maven.Pom]) -> dict[tuple[str, str], str]:
    """The modules of the builds that the parents make, by group and artifact: the path of the build's POM."""
    found: dict[tuple[str, str], str] = {}
    for parent in parents:
        poms = maven.reactor(context.project, parent.directory) if parent.modules and parent.path.endswith(maven.POM) else ()
        if any(item.path == pom.path for item in poms):
            found.update({(item.group, item.artifact): parent.path for item in poms})
    return found


def _gradle_faults(step: JavaBuild, context: StepContext) -> Iterable[Fault]:
    source = posixpath.normpath(step.source)
    owner = gradle.owner(context.project, source)
    if owner is not None:
        module = posixpath.relpath(source, owner)
        yield Fault(
            f'"{step.source}" is a project of the Gradle build in "{owner}", not a build of its own',
            "source",
            f'set source="{owner}" and module="{module}"',
        )
        return
    found = gradle.build_files(context.project, source)
    modules = sorted(posixpath.relpath(module, source) for module in found.modules)
    if step.module is None and modules:
        settings = next(below(source, name) for name in gradle.SETTINGS if context.project.kind(below(source, name)) == "file")
        yield _several(settings, [".", *modules])
    elif step.module is not None and not found.computed:
        yield from _module_fault(step, [".", *modules])


def _several(path: str, modules: Sequence[str]) -> Fault:
    return Fault(
        f'"{path}" is a build of several modules: {", ".join(modules)}',
        "module",
        f'set module to the one that holds the handler, such as module="{modules[-1]}"',
    )


def _module_fault(step: JavaBuild, modules: Sequence[str]) -> Iterable[Fault]:
    if step.module is not None and posixpath.normpath(step.module) not in modules:
        allowed = f"; allowed: {', '.join(modules)}" if modules else "; the build has no modules"
        yield Fault(
            f'"{step.module}" is not a module of the build in "{step.source}"{allowed}',
            "module",
            did_you_mean(step.module, modules) or "name the directory of the module, relative to the source",
        )


def _tools(step: JavaBuild, context: StepContext) -> list[str]:
    return [
        tool
        for tool, names in (("maven", (maven.POM,)), ("gradle", (*gradle.BUILD, *gradle.SETTINGS)))
        if any(context.project.kind(posixpath.join(step.source, name)) == "file" for name in names)
    ]


def _builder(tool: str, target: Target) -> ImageReference:
    version = target.base.runtime.removeprefix("java").partition(".")[0]
    return target.tools.image(tool, version)
