"""What the pyproject.toml of a directory declares about the build of its package.

Source: https://packaging.python.org/en/latest/specifications/pyproject-toml/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from optimizer.locks.python import parse_toml, shaped
from optimizer.model.python_names import normal_name

_FROM_GIT = ("hatch-vcs", "pdm-scm", "poetry-dynamic-versioning", "setuptools-git-versioning", "setuptools-scm", "versioningit")
# They never compile: what they make is the same on every platform.
_PURE = ("flit-core", "hatchling", "pdm-backend", "poetry-core", "uv-build")
_LEGACY = ("setuptools>=40.8.0",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What planning needs of a pyproject.toml.

    ``name`` is in normal form, empty where it is not given.  ``dependencies``
    are those that the package itself needs, None where only running its
    backend tells them; ``extras`` adds those of each extra.  ``elsewhere``
    are the names that uv takes from paths, which other installers do not.
    ``builds`` is what its backend needs, ``default_groups`` the groups that uv
    installs unasked.
    """

    name: str
    dependencies: tuple[str, ...] | None
    extras: Mapping[str, tuple[str, ...]]
    elsewhere: frozenset[str]
    builds: tuple[str, ...]
    default_groups: tuple[str, ...]
    extension_modules: bool

    @property
    def backends(self) -> tuple[str, ...]:
        """The names of the packages that build, in normal form."""
        return tuple(map(requirement_name, self.builds))

    @property
    def version_from_git(self) -> str:
        """The package that makes the version of the project's Git history, which no build context holds; empty without one."""
        return next((name for name in self.backends if name in _FROM_GIT), "")

    @property
    def pure(self) -> bool:
        """Whether what builds never compiles, as far as pyproject.toml shows."""
        if any(name in _PURE for name in self.backends):
            return True
        return set(self.backends) <= {"setuptools", "wheel"} and not self.extension_modules

    def constraints(self, known: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The versions that the build takes, as ``name==version``, and what the project asks for that nothing pins.

        ``known`` are the versions to take of well-known backends, by their names in normal form.
        """
        pins, open_ends = {}, []
        for text in self.builds:
            pin = _pin(text, known.get(requirement_name(text)))
            if pin is None:
                open_ends.append(text)
            elif pin:
                pins[requirement_name(text)] = pin
        return tuple(f"{name}=={version}" for name, version in sorted(pins.items())), tuple(open_ends)


@lru_cache(maxsize=64)
def read_project(text: str, has_setup_py: bool = False) -> Project:
    """The project of a pyproject.toml, or of an empty text for a directory without one; raises LockFault."""
    data = parse_toml(text)
    return shaped(lambda: _project(data, has_setup_py), "the specification of pyproject.toml describes")


def _project(data: Mapping[str, Any], has_setup_py: bool) -> Project:
    project, tool = data.get("project", {}), data.get("tool", {})
    poetry, uv = tool.get("poetry", {}), tool.get("uv", {})
    dynamic = project.get("dynamic", ())
    static = "project" in data and "dependencies" not in dynamic
    sources = {normal_name(name): source for name, source in uv.get("sources", {}).items()}
    system = data.get("build-system", {})
    groups = uv.get("default-groups", ())
    groups = data.get("dependency-groups", ()) if groups == "all" else groups
    return Project(
        name=normal_name(project.get("name") or poetry.get("name") or ""),
        dependencies=tuple(project.get("dependencies", ())) if static else None,
        extras={normal_name(name): tuple(items) for name, items in project.get("optional-dependencies", {}).items()},
        elsewhere=frozenset(name for name, source in sources.items() if isinstance(source, dict) and {"path", "workspace"} & set(source)),
        builds=tuple(system.get("requires", _LEGACY)),
        default_groups=tuple(groups),
        extension_modules=has_setup_py or "ext-modules" in tool.get("setuptools", {}),
    )


def requirement_name(text: str) -> str:
    """The name that a requirement begins with, in normal form."""
    return normal_name(re.split(r"[\s\[(<>=!~;@]", text.strip(), maxsplit=1)[0])


def _pin(text: str, known: str | None) -> str | None:
    """The version to take for a requirement: the known one where it is allowed, else the lowest allowed; empty where the project pins one."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    exact = [item for item in requirement.specifier if item.operator in ("==", "===") and not item.version.endswith("*")]
    if exact or requirement.url:
        return ""
    if known is None:
        return None
    if requirement.specifier.contains(known, prereleases=True):
        return known
    # The author named this version, so it was there, and stays.
    lowest = [item.version for item in requirement.specifier if item.operator in (">=", "~=")]
    return lowest[0] if len(lowest) == 1 and requirement.specifier.contains(lowest[0], prereleases=True) else None
