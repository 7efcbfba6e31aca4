"""What the settings and build scripts of a Gradle build name in the project: projects, included builds, scripts, archives.

The scripts are programs.  Read here are the plain strings of the calls that
nearly every build has; a computed name is reported.
Sources: https://docs.gradle.org/current/userguide/multi_project_builds.html,
https://docs.gradle.org/current/userguide/composite_builds.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from optimizer.locks.files import ProjectFiles, is_directory, is_file, joined, leaves, upwards
from optimizer.locks.java import JavaBuildFiles
from optimizer.locks.local import Local, LocalKind

SETTINGS = ("settings.gradle", "settings.gradle.kts")
BUILD = ("build.gradle", "build.gradle.kts")
# What Gradle reads beside a build script and beside the settings before it knows the libraries.
_BESIDE_BUILD = (*BUILD, "gradle.properties", "gradle.lockfile", "buildscript-gradle.lockfile")
_BESIDE_SETTINGS = (*SETTINGS, "settings-gradle.lockfile")
_OWN_PLUGINS = "buildSrc"
# Version catalogs, locks and scripts; and the build's own plugins.
_DIRECTORIES = ("gradle", _OWN_PLUGINS)

_STRING = r"""(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')"""
_COMMENTS = re.compile(rf'("""(?:.|\n)*?"""|{_STRING})|//[^\n]*|/\*(?:.|\n)*?\*/')
_STRINGS = rf"{_STRING}(?:\s*,\s*{_STRING})*"
_INCLUDE = re.compile(rf"\binclude\b\s*\(?\s*({_STRINGS})?(\s*[+.])?")
_INCLUDED_BUILD = re.compile(rf"\bincludeBuild\b\s*\(?\s*({_STRING})?")
_FILE = rf"(?:new\s+)?[Ff]ile\s*\(\s*(?:[\w.]+\s*,\s*)?({_STRING})\s*\)"
_DIRECTORY_OF = re.compile(rf"\bproject\s*\(\s*({_STRING})\s*\)\s*\.\s*projectDir\s*=\s*{_FILE}")
_APPLY = re.compile(rf"\bapply\s*\(?\s*from\s*[:=]\s*(?:(?:rootProject\s*\.\s*)?(?:file|uri)\s*\(\s*)?({_STRING})?")
_JAR = re.compile(r"""["']([^"'\n]+\.jar)["']""")
_TREE = re.compile(r"\b(?:fileTree|flatDir)\b\s*[({]([^)}]*)")
_REPOSITORY = re.compile(rf"\burl\s*[=(]?\s*(?:(?:uri|file)\s*\(\s*)?({_STRING})")
_CATALOG = re.compile(rf"\bfrom\s*\(\s*files\s*\(\s*({_STRING})")
_ROOT = re.compile(r"^\$(?:\{(?:rootDir|rootProject\.projectDir|settingsDir)\}|rootDir|rootProject\.projectDir|settingsDir)/?")
_OWN = re.compile(r"^\$(?:\{(?:projectDir|project\.projectDir)\}|projectDir)/?")
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+:")


@dataclass(slots=True)
class _Found:
    modules: set[str] = field(default_factory=set)
    builds: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    directories: set[str] = field(default_factory=set)
    local: dict[Local, None] = field(default_factory=dict)
    computed: bool = False

    def add(self, kind: LocalKind, path: str, place: str) -> None:
        self.local[Local(kind=kind, path=path, place=place)] = None


def build_files(files: ProjectFiles, source: str) -> JavaBuildFiles:
    """What the settings and build scripts of a directory lead to."""
    found = _Found()
    _settings(files, source, found)
    for project in sorted({source, *found.modules}):
        _project(files, source, project, found)
    return JavaBuildFiles(
        modules=tuple(sorted(found.modules)),
        builds=tuple(sorted(found.builds)),
        files=tuple(sorted(found.files)),
        directories=tuple(sorted(found.directories)),
        local=tuple(found.local),
        computed=found.computed,
    )


def owner(files: ProjectFiles, source: str) -> str | None:
    """The directory above whose settings include the directory as a project; None where there is none, or it has settings of its own."""
    if any(is_file(files, joined(source, name)) for name in SETTINGS):
        return None
    for directory in list(upwards(source))[1:]:
        if any(is_file(files, joined(directory, name)) for name in SETTINGS):
            found = _Found()
            _settings(files, directory, found)
            return directory if source in found.modules else None
    return None


def _settings(files: ProjectFiles, source: str, found: _Found) -> None:
    for name in _BESIDE_SETTINGS:
        if is_file(files, joined(source, name)):
            found.files.add(joined(source, name))
    for path, text in _texts(files, source, SETTINGS):
        directories: dict[str, str] = {}
        for project, place in _DIRECTORY_OF.findall(text):
            directories[_plain(project).strip(":")] = _resolved(_plain(place), source, source) or ""
        found.computed |= len(re.findall(r"\bprojectDir\s*=[^=]", text)) > len(directories) or "buildFileName" in text
        for names, more in _INCLUDE.findall(text):
            words = [_plain(word) for word in re.findall(_STRING, names)]
            found.computed |= not words or bool(more) or any("$" in word for word in words)
            for word in words:
                if "$" not in word and "*" not in word:
                    _include(word.strip(":"), source, path, directories, found)
        for word in _INCLUDED_BUILD.findall(text):
            place = _resolved(_plain(word), source, source) if word else None
            if place is None:
                found.computed = True
                continue
            found.add(LocalKind.PACKAGE, place, path)
            if is_directory(files, place) and place not in found.directories:
                found.directories.add(place)
                inner = build_files(files, place)
                found.local.update(dict.fromkeys(inner.local))
                found.files.update(inner.files)
                found.directories.update(inner.directories)
                found.builds.update(inner.builds)
        for word in _CATALOG.findall(text):
            _read_file(files, _plain(word), source, source, path, found)
        _scripts(files, text, source, source, path, found)


def _include(name: str, source: str, place: str, directories: dict[str, str], found: _Found) -> None:
    """A project, and the ones on its path, which Gradle makes too."""
    parts = name.split(":")
    above = source
    for depth, part in enumerate(parts, 1):
        known = directories.get(":".join(parts[:depth]))
        above = joined(above, part) if known is None else known
        if not above:
            found.computed = True
            return
        found.modules.add(above)
    found.add(LocalKind.PACKAGE, above, place)


def _project(files: ProjectFiles, root: str, project: str, found: _Found) -> None:
    found.builds |= {project, joined(project, _OWN_PLUGINS)}
    for name in _BESIDE_BUILD:
        if is_file(files, joined(project, name)):
            found.files.add(joined(project, name))
    for name in _DIRECTORIES:
        if is_directory(files, joined(project, name)):
            found.directories.add(joined(project, name))
    for path, text in _texts(files, project, BUILD):
        _scripts(files, text, root, project, path, found)
        _archives(files, text, root, project, path, found)


def _scripts(files: ProjectFiles, text: str, root: str, project: str, place: str, found: _Found) -> None:
    for word in _APPLY.findall(text):
        if not word:
            found.computed = True
        elif not _SCHEME.match(_plain(word)):
            script = _read_file(files, _plain(word), root, project, place, found)
            if script is not None:
                inner = _without_comments(files.read_text(script))
                _scripts(files, inner, root, project, script, found)
                _archives(files, inner, root, project, script, found)


def _archives(files: ProjectFiles, text: str, root: str, project: str, place: str, found: _Found) -> None:
    """Archives and repositories in the project.  A name that leads nowhere may be an output of the build."""
    for name in _JAR.findall(text):
        path = _resolved(name, root, project)
        if path is not None and not _SCHEME.match(name) and is_file(files, path):
            found.files.add(path)
            found.add(LocalKind.ARCHIVE, path, place)
    words = [word for arguments in _TREE.findall(text) for word in re.findall(_STRING, arguments)]
    for word in (*words, *_REPOSITORY.findall(text)):
        name = re.sub(r"^file:(?://)?", "", _plain(word))
        path = None if _SCHEME.match(name) else _resolved(name, root, project)
        if path is not None and is_directory(files, path):
            found.directories.add(path)
            found.add(LocalKind.DIRECTORY, path, place)
        elif path is not None and leaves(path):
            found.add(LocalKind.DIRECTORY, path, place)


def _read_file(files: ProjectFiles, name: str, root: str, project: str, place: str, found: _Found) -> str | None:
    """Take down a file that a script reads; gives its path where it is there and was not met before."""
    path = _resolved(name, root, project)
    if path is None:
        found.computed = True
        return None
    found.add(LocalKind.FILE, path, place)
    if not is_file(files, path) or path in found.files:
        return None
    found.files.add(path)
    return path


def _texts(files: ProjectFiles, directory: str, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for name in names:
        path = joined(directory, name)
        if is_file(files, path):
            yield path, _without_comments(files.read_text(path))


def _without_comments(text: str) -> str:
    return _COMMENTS.sub(lambda match: match.group(1) or " ", text)


def _plain(word: str) -> str:
    return word[1:-1]


def _resolved(name: str, root: str, project: str) -> str | None:
    """The path that a string means to a project; None where it is computed."""
    directory = root if _ROOT.match(name) else project
    name = _OWN.sub("", _ROOT.sub("", name)) or "."
    return None if "$" in name else joined(directory, name)
