"""What .NET project files name in the project: other projects, package directories, and files that MSBuild finds above them.

Sources: https://learn.microsoft.com/visualstudio/msbuild/customize-by-directory,
https://learn.microsoft.com/nuget/reference/nuget-config-file
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from optimizer.locks.files import ProjectFiles, directory_of, is_directory, is_file, joined, upwards
from optimizer.locks.local import Local, LocalKind

PROJECTS = (".csproj", ".fsproj", ".vbproj")
SOURCES = ("nuget.config", "NuGet.config", "NuGet.Config")
SDK = "global.json"
# The nearest of each holds for every project below it.
_ABOVE = ("Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", *SOURCES, SDK)
_REFERENCE = re.compile(r"""<(?:ProjectReference|Import)\b[^>]*?\b(?:Include|Project)\s*=\s*["']([^"']+)["']""")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_PACKAGES = re.compile(r"<packageSources>(.*?)</packageSources>", re.DOTALL)
_FRAMEWORK = re.compile(r"<TargetFramework>\s*net(\d+\.\d+)\s*</TargetFramework>")
_VALUE = re.compile(r"""<add\b[^>]*?\bvalue\s*=\s*["']([^"']+)["']""")


@dataclass(frozen=True, slots=True, kw_only=True)
class DotnetSources:
    """What a project is built from.

    ``directories`` are those of projects, the source first; ``files`` stand
    above them; ``local`` is everything that is named.  ``sdk`` is the file that
    asks for a version of the SDK, and the version; ``framework`` the project
    file and the version of .NET that it targets.
    """

    directories: tuple[str, ...]
    files: tuple[str, ...]
    local: tuple[Local, ...]
    sdk: tuple[str, str] | None
    framework: tuple[str, str] | None


def sources(files: ProjectFiles, source: str, project: str | None) -> DotnetSources:
    """What a project file leads to; without one, only what stands above the source."""
    local: dict[Local, None] = {}
    directories = {source: None}
    found: dict[str, None] = {}
    waiting = [] if project is None else [project]
    for path in _above(files, source):
        found[path] = None
        if path.endswith(SOURCES):
            local.update(dict.fromkeys(_package_sources(files.read_text(path), path)))
    for path in waiting:
        for item in _references(files.read_text(path), path):
            if item in local:
                continue
            local[item] = None
            if is_file(files, item.path):
                if item.path.endswith(PROJECTS):
                    directories[directory_of(item.path)] = None
                    waiting.append(item.path)
                else:
                    found[item.path] = None
    directories.update({item.path: None for item in local if item.kind is LocalKind.DIRECTORY and is_directory(files, item.path)})
    return DotnetSources(
        directories=tuple(directories),
        files=tuple(found),
        local=tuple(local),
        sdk=_sdk(files, found),
        framework=_framework(files, project),
    )


def _above(files: ProjectFiles, source: str) -> Iterator[str]:
    for name in _ABOVE:
        paths = (joined(directory, name) for directory in upwards(source))
        yield from list(filter(lambda path: is_file(files, path), paths))[:1]


def _references(text: str, path: str) -> Iterator[Local]:
    for written in _REFERENCE.findall(_COMMENT.sub("", text)):
        name = written.replace("\\", "/").replace("$(MSBuildThisFileDirectory)", "").replace("$(MSBuildProjectDirectory)/", "")
        # Properties of the SDK, and lists: MSBuild alone knows them.
        if "$(" not in name and "*" not in name and ";" not in name and "/" in name:
            yield Local(kind=LocalKind.FILE, path=joined(directory_of(path), name), place=path)


def _package_sources(text: str, path: str) -> Iterator[Local]:
    for block in _PACKAGES.findall(_COMMENT.sub("", text)):
        for value in _VALUE.findall(block):
            if "://" not in value and "%" not in value:
                yield Local(kind=LocalKind.DIRECTORY, path=joined(directory_of(path), value.replace("\\", "/")), place=path)


def _framework(files: ProjectFiles, project: str | None) -> tuple[str, str] | None:
    match = _FRAMEWORK.search(_COMMENT.sub("", files.read_text(project))) if project is not None else None
    return (project, match[1]) if project is not None and match else None


def _sdk(files: ProjectFiles, found: dict[str, None]) -> tuple[str, str] | None:
    """The file that asks for a version of the SDK, and the version."""
    for path in found:
        if path.endswith(SDK):
            try:
                data = json.loads(files.read_text(path))
            except json.JSONDecodeError:
                return None
            sdk = data.get("sdk") if isinstance(data, dict) else None
            version = sdk.get("version") if isinstance(sdk, dict) else None
            return (path, version) if isinstance(version, str) else None
    return None
