"""Java projects of Maven and Gradle: dependencies and classes in stages of their own."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from optimizer.errors import Fault
from optimizer.model.plan import TREE, CopyInputs, Input, Run, Stage
from optimizer.model.reference import ImageReference
from optimizer.model.stability import Stability
from optimizer.model.steps import JavaBuild
from optimizer.toolchains.toolchain import GENERATED_FILES, StepContext, Target, missing_directory, normalise

_WORKDIR = "/build"
_TASK = f"{TREE}/var/task"
_LIBRARY = "public.ecr.aws/docker/library"
_MAVEN_TAGS = {
    "8": "3.9-amazoncorretto-8",
    "11": "3.9-amazoncorretto-11",
    "17": "3.9-amazoncorretto-17",
    "21": "3.9-amazoncorretto-21",
    "25": "3.9-amazoncorretto-25",
}
_GRADLE_TAGS = {"8": "8-jdk8", "11": "8-jdk11", "17": "8-jdk17", "21": "8-jdk21", "25": "9-jdk25"}
_BUILD_FILES = {
    "maven": ("pom.xml",),
    "gradle": (
        "build.gradle",
        "build.gradle.kts",
        "settings.gradle",
        "settings.gradle.kts",
        "gradle.properties",
        "gradle.lockfile",
        "gradle/libs.versions.toml",
    ),
}
_CACHES = {"maven": ("/root/.m2/repository",), "gradle": ("/home/gradle/.gradle/caches", "/root/.gradle/caches")}
_OUTPUTS = ("target/", "build/", ".gradle/", "src/test/")
# Gradle has no task of its own that copies a class path.
_GRADLE_INIT = (
    "allprojects { afterEvaluate { if (plugins.hasPlugin('java')) { "
    "tasks.register('lambdaDependencies', Copy) { from configurations.runtimeClasspath; into '" + _TASK + "/lib' }; "
    "tasks.register('lambdaClasses', Copy) { from sourceSets.main.output; into '" + _TASK + "' } } } }"
)
_GRADLE_SCRIPT = "/tmp/lambda.gradle"


class JavaToolchain:
    """The builder has the Java version of the runtime; byte-code does not depend on the architecture."""

    families: tuple[str, ...] = ("java",)

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
                f'"{step.source}" holds no pom.xml, build.gradle or build.gradle.kts', "source", "name the directory of the build file"
            )
        elif len(found) > 1 and step.tool is None:
            yield Fault(f'"{step.source}" holds build files of both Maven and Gradle', "tool", 'say tool="maven" or tool="gradle"')
        elif step.tool is not None and step.tool not in found:
            yield Fault(f'"{step.source}" holds no build file of {step.tool}', "tool", f'say tool="{found[0]}"')
        elif found == ["gradle"] and step.tool is None and step.builder is None:
            yield Fault(f'"{step.source}" is a Gradle project', "tool", 'say tool="gradle", so that `optimizer pin` knows the builder')
        elif "maven" in found and "<modules>" in context.project.read_text(posixpath.join(step.source, "pom.xml")):
            yield Fault(
                f'"{step.source}/pom.xml" is a project of several modules', "source", "name the directory of the function's own module"
            )

    def installers(self, step: JavaBuild, context: StepContext) -> Sequence[str]:
        return ((step.tool or _tools(step, context)[0]).capitalize(),)

    def stages(self, step: JavaBuild, context: StepContext) -> Sequence[Stage]:
        tool = step.tool or _tools(step, context)[0]
        origin = step.builder or _builder(tool, context.target)
        paths = [posixpath.join(step.source, name) for name in _BUILD_FILES[tool]]
        build_files = tuple(
            Input(source=path, target=posixpath.join(_WORKDIR, posixpath.relpath(path, step.source)), directory=False)
            for path in sorted(paths)
            if context.project.kind(path) == "file"
        )
        everything = Input(source=step.source, target=f"{_WORKDIR}/", directory=True, exclude=(*GENERATED_FILES, *_OUTPUTS))
        dependencies, classes = _commands(tool)
        return [
            Stage(
                name=f"{context.name}-dependencies",
                step=context.name,
                title=f"Java libraries of {step.source}",
                # A release of the classes seldom touches what they depend on.
                stability=min(Stability.MONTHLY, context.stability),
                origin=origin,
                workdir=_WORKDIR,
                actions=(
                    CopyInputs(inputs=build_files),
                    Run(
                        commands=(("mkdir", "-p", f"{_TASK}/lib"), *dependencies, normalise("java")),
                        caches=_CACHES[tool],
                        secrets=step.secrets,
                    ),
                ),
            ),
            Stage(
                name=f"{context.name}-classes",
                step=context.name,
                title=f"Java classes of {step.source}",
                stability=context.stability,
                origin=origin,
                workdir=_WORKDIR,
                actions=(
                    CopyInputs(inputs=(everything,)),
                    Run(
                        commands=(("mkdir", "-p", _TASK), *classes, normalise("java")),
                        caches=_CACHES[tool],
                        secrets=step.secrets,
                    ),
                ),
            ),
        ]


def _commands(tool: str) -> tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]:
    """The commands that put the dependencies, and those that put the classes, into the tree."""
    if tool == "maven":
        maven = ("mvn", "--batch-mode", "--no-transfer-progress")
        return (
            ((*maven, "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={_TASK}/lib"),),
            ((*maven, "compile"), ("cp", "-R", "target/classes/.", f"{_TASK}/")),
        )
    script = ("sh", "-c", f'printf %s "$1" > {_GRADLE_SCRIPT}', "write", _GRADLE_INIT)
    gradle = ("gradle", "--no-daemon", "--console=plain", "--init-script", _GRADLE_SCRIPT)
    return (script, (*gradle, "lambdaDependencies")), (script, (*gradle, "lambdaClasses"))


def _tools(step: JavaBuild, context: StepContext) -> list[str]:
    return [
        tool
        for tool, names in (("maven", ("pom.xml",)), ("gradle", ("build.gradle", "build.gradle.kts")))
        if any(context.project.kind(posixpath.join(step.source, name)) == "file" for name in names)
    ]


def _builder(tool: str, target: Target) -> ImageReference:
    version = target.base.runtime.removeprefix("java").partition(".")[0]
    tags = _MAVEN_TAGS if tool == "maven" else _GRADLE_TAGS
    return ImageReference.parse(f"{_LIBRARY}/{tool}:{tags[version]}")
