"""What the lock of a step names of Node.js packages, release by release."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping

from optimizer.locks.python import LockFault
from optimizer.model.steps import NodeDependencies
from optimizer.toolchains.nodejs_parts import installed_names
from optimizer.toolchains.nodejs_project import NodeProject, read_project
from optimizer.toolchains.releases import Release
from optimizer.toolchains.toolchain import StepContext

# Behind a place, a name, or Yarn's protocol.
_VERSION = re.compile(r"(?m)^(?:\S+ |/?@?[^@\s]+@(?:npm:)?)(\d+\.\d+\.\d+[^\s()]*)")


def releases_of(step: NodeDependencies, context: StepContext) -> Mapping[str, Release]:
    """What the step installs, by the names of packages, without local ones, and the patches of packages by their paths.

    A package has all its releases in one text, each with its place: npm puts
    several of one name into a tree.  Packages for other platforms are left out
    where the lock tells which these are.  Raises LockFault for a lock that is damaged, or does not tell
    what it installs, and ContextError for a file of it that is not there.
    """
    project = read_project(step, context)
    packages = project.installed.packages
    if not project.readable or packages is None:
        raise LockFault("it does not tell what it installs")
    installed = installed_names(project)
    found: dict[str, str] = {}
    for name, release in packages:
        if installed is not None and name not in installed:
            continue
        found[name] = f"{found[name]}\n{release}" if name in found else release
    return {name: Release(text) for name, text in sorted({**found, **dict(_patches(project))}.items())}


def _patches(project: NodeProject) -> Iterator[tuple[str, str]]:
    for path in project.lock.files:
        text = project.context.project.read_text(project.path(path))
        yield path, hashlib.sha256(text.encode()).hexdigest()


def versions_of(release: Release) -> tuple[str, ...]:
    """The versions of a package that a release of :func:`releases_of` has, each once, sorted; empty for patches."""
    return tuple(sorted(set(_VERSION.findall(release.version))))
