"""The scripts that put a tree of Python packages right; their texts are files of their own, and run with the base's Python."""

from __future__ import annotations

from optimizer.builders.docker.actions import Script
from optimizer.builders.docker.script_files import script_text, tree_script


def overlaps(installer: tuple[str, ...], requirements: str = "") -> Script:
    """Gives a file that two packages hold to the last of them by name, and reports it.

    uv installs the packages of one command in parallel, and in an order that
    depends on what its cache holds, so that either could be last.
    ``installer`` is a command that takes a target and one package, and
    ``requirements`` the file, if any, that may say where packages come from.
    """
    purpose = "Decides whose file it is that two packages hold: installers leave it to chance."
    return tree_script("overlaps_python.py", purpose, (requirements, *installer), before=_requirement_lines())


def forget() -> Script:
    """Takes out of the packages' metadata where and when they were built: only packages of the project's own files have it."""
    return tree_script("forget_python.py", "Takes out of the metadata of packages when and in which directory they were built.")


def flatten(source: str, root: str, output: str, dropped: tuple[str, ...]) -> Script:
    """Writes a requirements file and its includes as one, without the packages that are installed in another way.

    ``root`` is where the stage has the project's root; ``dropped`` are kinds
    of :func:`optimizer.locks.requirement_lines.reference`.
    """
    purpose = "Writes requirements files as one, without what is installed in another way."
    return tree_script("flatten_python.py", purpose, (source, root, output, *dropped), before=_requirement_lines())


def _requirement_lines() -> str:
    """How planning reads the lines of requirements."""
    return script_text("requirement_lines.py", folder="locks", package="optimizer") + "\n"
