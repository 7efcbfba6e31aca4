"""The scripts that put a tree of Python packages right; their texts are files of their own, and run with the base's Python."""

from __future__ import annotations

from optimizer.model.plan import TreeScript
from optimizer.toolchains.script_files import script_text

_PYTHON = ("python", "-c")


def overlaps(installer: tuple[str, ...]) -> TreeScript:
    """Gives a file that two packages hold to the last of them by name, and tells of it.

    uv installs the packages of one command in parallel, and in an order that
    depends on what its cache holds, so that either could be last.
    ``installer`` is a command that takes a target and one package.
    """
    return TreeScript(
        name="OVERLAPS_PYTHON",
        purpose="Decides whose file it is that two packages hold: installers leave it to chance.",
        interpreter=_PYTHON,
        script=script_text("overlaps_python.py"),
        arguments=installer,
    )


def forget() -> TreeScript:
    """Takes out of the packages' metadata where and when they were built: only packages of the project's own files have it."""
    return TreeScript(
        name="FORGET_PYTHON",
        purpose="Takes out of the metadata of packages when and in which directory they were built.",
        interpreter=_PYTHON,
        script=script_text("forget_python.py"),
    )


def flatten(source: str, root: str, output: str, dropped: tuple[str, ...]) -> TreeScript:
    """Writes a requirements file and all that it includes as one, without what is installed in another way.

    ``root`` is where the stage has the project's root; ``dropped`` are kinds
    of :func:`optimizer.locks.requirement_lines.reference`.
    """
    return TreeScript(
        name="FLATTEN_PYTHON",
        purpose="Writes requirements files as one, without what is installed in another way.",
        interpreter=_PYTHON,
        script=script_text("requirement_lines.py", folder="locks", package="optimizer") + "\n" + script_text("flatten_python.py"),
        arguments=(source, root, output, *dropped),
    )
