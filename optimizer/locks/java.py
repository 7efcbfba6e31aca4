"""What the build files of a Java project lead to, whichever tool reads them."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.locks.local import Local


@dataclass(frozen=True, slots=True, kw_only=True)
class JavaBuildFiles:
    """What decides about the libraries of a build, and where its code is; every path is relative to the project.

    ``modules`` are the directories of the projects below or beside the root's,
    sorted.  ``builds`` are all directories that the tool puts its outputs
    into: the root's, the modules', and those of builds that the root's
    includes.  ``files`` and ``directories`` are what the tool reads before it
    knows the libraries; they exist.  ``local`` is everything that the build
    files name, there or not.  ``computed`` tells that a build file computes
    some of these names, so that only the whole source is sure to hold all.
    """

    modules: tuple[str, ...]
    builds: tuple[str, ...]
    files: tuple[str, ...]
    directories: tuple[str, ...]
    local: tuple[Local, ...]
    computed: bool = False
