"""Java projects, by Maven and Gradle."""

from __future__ import annotations

from optimizer.builders.docker.actions import CopyInputs, Run, Script, StageBody
from optimizer.builders.docker.java_scripts import CLASS_PATH, gradle, pack
from optimizer.builders.docker.tree_scripts import normalise
from optimizer.model.plan import TREE, Stage
from optimizer.model.recipes.programs import TASK, JavaClasses, JavaLibraries, JavaRecipe

_Commands = tuple[tuple[str, ...] | Script, ...]

_TASK = f"{TREE}{TASK}"
_CACHES = {"maven": ("/root/.m2/repository",), "gradle": ("/home/gradle/.gradle/caches", "/root/.gradle/caches")}
# By its whole name: for a short one Maven asks for every plugin of the build, also for those that it never runs.
_DEPENDENCY = "org.apache.maven.plugins:maven-dependency-plugin"
_MAVEN = ("mvn", "--batch-mode", "--no-transfer-progress")
_GRADLE = ("--no-daemon", "--console=plain")


def java_libraries(recipe: JavaLibraries, stage: Stage) -> StageBody:
    """The build files, and one run that copies the libraries."""
    commands = _maven_libraries(recipe) if recipe.build_tool == "maven" else _gradle(recipe, "lambdaDependencies")
    return _body(recipe, (("mkdir", "-p", f"{_TASK}/lib", *recipe.modules), *commands))


def java_classes(recipe: JavaClasses, stage: Stage) -> StageBody:
    """The sources, and one run that compiles them."""
    commands = _maven_classes(recipe) if recipe.build_tool == "maven" else _gradle(recipe, "lambdaClasses")
    return _body(recipe, (("mkdir", "-p", f"{_TASK}/lib" if recipe.modules else _TASK), *commands))


def _body(recipe: JavaRecipe, commands: _Commands) -> StageBody:
    return StageBody(
        workdir=recipe.workdir,
        actions=(
            CopyInputs(inputs=recipe.copies),
            Run(
                commands=(*commands, normalise("shell")),
                caches=_CACHES[recipe.build_tool],
                secrets=recipe.secrets,
            ),
        ),
    )


def _maven_libraries(recipe: JavaLibraries) -> _Commands:
    if recipe.module is None:
        return ((*_MAVEN, f"{_DEPENDENCY}:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={_TASK}/lib"),)
    return _maven_class_path(recipe.module, "libraries")


def _maven_classes(recipe: JavaClasses) -> _Commands:
    if recipe.module is None:
        return ((*_MAVEN, "compile"), ("cp", "-R", "target/classes/.", f"{_TASK}/"))
    return (*_maven_class_path(recipe.module, "modules"), ("cp", "-R", f"{recipe.module}/target/classes/.", f"{_TASK}/"))


def _maven_class_path(module: str, part: str) -> _Commands:
    """The commands that put ``libraries`` or ``modules`` of a module's class path into the tree."""
    class_path = f"{module}/target/lambda.classpath"
    # Modules find one another only in a build that compiles them; where there are POMs alone, that is nothing.
    build = (
        *(*_MAVEN, "--projects", module, "--also-make", "compile", f"{_DEPENDENCY}:build-classpath"),
        *("-DincludeScope=runtime", "-Dmdep.outputFile=target/lambda.classpath"),
    )
    return (*CLASS_PATH, build, pack(class_path, f"{_TASK}/lib", part))


def _gradle(recipe: JavaRecipe, task: str) -> _Commands:
    """The commands of a task that Gradle does not have itself."""
    return (gradle(_GRADLE, recipe.module or ".", task),)
