"""What Maven and Gradle have no goal or task for: the class path of one module, third-party libraries apart from its siblings."""

from __future__ import annotations

from optimizer.builders.docker.actions import Script
from optimizer.builders.docker.script_files import script
from optimizer.model.plan import TIMESTAMP, TREE
from optimizer.model.recipes.programs import TASK

_CLASSES = "/tmp/lambda"

CLASS_PATH: tuple[tuple[str, ...] | Script, ...] = (
    ("mkdir", "-p", _CLASSES),
    script(
        "ClassPath.java",
        "Puts the libraries of a class path into a directory, or its directories of classes as archives that are the same on every machine.",
        interpreter=("javac", "-d", _CLASSES),
    ),
)
"""The commands that make :func:`pack` work."""


def pack(class_path: str, directory: str, part: str) -> tuple[str, ...]:
    """The command that puts a part of the class path in a file into a directory: ``libraries`` or ``modules``."""
    return ("java", "-Duser.timezone=UTC", "-classpath", _CLASSES, "ClassPath", class_path, directory, part, str(TIMESTAMP))


def gradle(options: tuple[str, ...], module: str, task: str) -> Script:
    """The run of one of two tasks: ``lambdaDependencies`` and ``lambdaClasses``."""
    return script(
        "lambda.gradle",
        "Two tasks for the module of the function: one copies its third-party libraries, the other its classes and the modules that it uses.",
        (f"-PlambdaModule={module}", f"-PlambdaTask={TREE}{TASK}", task),
        interpreter=("gradle", *options, "--init-script"),
    )
