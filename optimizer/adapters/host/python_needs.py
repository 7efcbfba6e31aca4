"""What packages of a part need, and the lock of the part lacks: a part is installed without dependencies, so nothing else would notice."""

from __future__ import annotations

from collections.abc import Iterator
from email.parser import HeaderParser
from pathlib import Path

from optimizer.adapters.host.python_obstacles import marker_environment
from optimizer.adapters.host.tree import TreeRequest
from optimizer.builders.parts import parts_of
from optimizer.errors import Fault
from optimizer.locks.python import applies
from optimizer.model.python_names import normal_name
from optimizer.model.recipes.python import PinnedPackages


def lacking(site: Path, request: TreeRequest, python: str) -> Iterator[Fault]:
    """A fault for each requirement of packages in a directory that no part of their lock meets; ``python`` is the exact version, empty where it is not known."""
    from packaging.requirements import InvalidRequirement, Requirement

    parts = [part.recipe for part in parts_of(request.plan)[request.stage.step]]
    versions = {name: version for part in parts if isinstance(part, PinnedPackages) for name, version in part.releases}
    environment = dict(marker_environment(request))
    if python:
        environment.update(python_full_version=python, implementation_version=python)
    for path in sorted(site.glob("*.dist-info/METADATA")):
        package = HeaderParser().parsestr(path.read_text(encoding="utf-8", errors="replace"))
        for text in package.get_all("Requires-Dist") or ():
            try:
                need = Requirement(text)
            except InvalidRequirement:
                continue
            if not applies(str(need.marker or ""), environment):
                continue
            version = versions.get(normal_name(need.name))
            if version is None or not need.specifier.contains(version, prereleases=True):
                there = "lacks it" if version is None else f"has {version}"
                yield Fault(
                    f"{package['Name']} {package['Version']} needs {need.name}{need.specifier}, and the lock {there}",
                    request.stage.name,
                    "lock again",
                )
