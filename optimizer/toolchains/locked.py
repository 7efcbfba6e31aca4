"""Reading what a stage takes of a lock, also as it was in the past, when its step is no longer at hand."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.bases.catalogue import base_image
from optimizer.locks.files import ProjectFiles
from optimizer.model.plan import LockedBy
from optimizer.model.steps import NodeDependencies, PythonDependencies, Step
from optimizer.toolchains import nodejs_releases, python_releases
from optimizer.toolchains.releases import Release
from optimizer.toolchains.toolchain import StepContext, Target


def read_releases(lock: LockedBy, files: ProjectFiles, runtime: str, architecture: str) -> Mapping[str, Release]:
    """The packages that a stage takes of a lock, by their names, for an image of that runtime.

    Raises LockFault and ContextError for a lock that cannot be read.
    """
    base = base_image(runtime)
    target = Target(base=base, image=base.reference, architecture=architecture)
    if lock.ecosystem == "nodejs":
        modules = NodeDependencies(lock.path, package=lock.package)
        return nodejs_releases.releases_of(modules, _context(modules, target, files))
    packages = PythonDependencies(lock.path, groups=lock.groups, package=lock.package)
    return python_releases.releases_of(packages, _context(packages, target, files))


def _context(step: Step, target: Target, files: ProjectFiles) -> StepContext:
    return StepContext(name=step.title, stability=step.default_stability, target=target, project=files)
