"""The files in which projects write the version of their language, and which of the versions that Lambda has they allow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.adoption.reading import json_of, text_of, toml_of
from optimizer.errors import OptimizerError
from optimizer.locks.files import ProjectFiles, directory_of, is_file, joined, upwards
from optimizer.locks.ranges import may_hold
from optimizer.locks.ruby import allows, read_gemfile

_NUMBER = re.compile(r"v?(\d+(?:\.\d+)*)")
_NODE_NAMES = {"argon": 4, "boron": 6, "carbon": 8, "dubnium": 10, "erbium": 12, "fermium": 14, "gallium": 16, "hydrogen": 18, "iron": 20, "jod": 22, "krypton": 24}  # fmt: skip
"""Names of Node.js's lines with long-term support: https://github.com/nodejs/release/blob/main/schedule.json"""

_PATCHES = range(40)
_FRAMEWORKS = re.compile(r"<TargetFrameworks?>([^<]*)</TargetFrameworks?>")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_POM_VERSION = re.compile(
    r"<(maven\.compiler\.release|maven\.compiler\.target|maven\.compiler\.source|java\.version|release|target|source)>\s*(?:1\.)?(\d+)\s*</"
)
_GRADLE_VERSION = re.compile(
    r"JavaLanguageVersion\.of\(\s*[\"']?(\d+)|(?:source|target)Compatibility\s*=?\s*(?:JavaVersion\.VERSION_(?:1_)?|[\"']?(?:1\.)?)(\d+)"
    r"|jvmToolchain\(\s*(\d+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A file that names a version.

    ``place`` is its path, with the key where it has several; ``says`` are its
    words, and ``version`` the one version in them, in the catalogue's form,
    empty for a range.  ``allowed`` are the versions of the catalogue that it allows, newest
    first.  ``exact`` tells that it names one, and ``oldest`` that it names the
    oldest that will do, so that the nearest is the best.
    """

    place: str
    says: str
    allowed: tuple[str, ...]
    version: str = ""
    exact: bool = False
    oldest: bool = False


_Known = Sequence[str]


def python_evidence(directory: str, files: ProjectFiles, known: _Known) -> Iterator[Evidence]:
    """What says for which Python the code is."""
    yield from _version_files(directory, files, known, {".python-version": "", ".tool-versions": "python"}, _minor)
    for path in _nearest(directory, files, ("pyproject.toml",)):
        data = toml_of(files, path)
        wanted = _at(data, "project", "requires-python")
        if wanted:
            yield _ranged(f"requires-python of {path}", wanted, known, _python_range)
        poetry = _at(data, "tool", "poetry", "dependencies", "python")
        if poetry:
            yield _ranged(f"python of {path}", poetry, known, _poetry_range)
    for path in _nearest(directory, files, ("Pipfile",)):
        requires = toml_of(files, path).get("requires")
        wanted = _at({"requires": requires}, "requires", "python_version") or _at({"requires": requires}, "requires", "python_full_version")
        if wanted:
            yield _exact(f"requires of {path}", wanted, known, _minor)


def node_evidence(directory: str, files: ProjectFiles, known: _Known) -> Iterator[Evidence]:
    """What says for which Node.js the code is."""
    names = {".nvmrc": "", ".node-version": "", ".tool-versions": "nodejs"}
    yield from _version_files(directory, files, known, names, _node_major)
    for path in _nearest(directory, files, ("package.json",)):
        data = json_of(files, path)
        volta = _at(data, "volta", "node")
        if volta:
            yield _exact(f"volta of {path}", volta, known, _node_major)
        wanted = _at(data, "engines", "node")
        if wanted:
            yield _ranged(f"engines of {path}", wanted, known, lambda text, version: may_hold(text, int(version)))


def ruby_evidence(directory: str, files: ProjectFiles, known: _Known) -> Iterator[Evidence]:
    """What says for which Ruby the code is."""
    yield from _version_files(directory, files, known, {".ruby-version": "", ".tool-versions": "ruby"}, _minor)
    for path in _nearest(directory, files, ("Gemfile",)):
        try:
            found = read_gemfile(files, path).ruby
        except OptimizerError:
            continue
        for place, words in found:
            # The file that it reads was looked at already.
            if place == path:
                yield Evidence(
                    place=path,
                    says=f"ruby {', '.join(words)}",
                    allowed=tuple(version for version in known if allows(words, version)),
                    exact=all(word[:1].isdigit() for word in words),
                )


def java_evidence(directory: str, files: ProjectFiles, known: _Known) -> Iterator[Evidence]:
    """What says for which Java the code is; classes of an older one run on a newer one."""
    for path in _nearest(directory, files, ("pom.xml",)):
        # The module's own file, or the parent's above it.
        for pom in (path, *_nearest(directory_of(directory_of(path)), files, ("pom.xml",))):
            match = _POM_VERSION.search(_COMMENT.sub("", text_of(files, pom)))
            if match:
                yield _oldest(f"{match[1]} of {pom}", match[2], known)
                return
    for path in _nearest(directory, files, ("build.gradle.kts", "build.gradle")):
        match = _GRADLE_VERSION.search(text_of(files, path))
        if match:
            yield _oldest(path, next(filter(None, match.groups())), known)
            return
    for path in _nearest(directory, files, (".java-version", ".sdkmanrc", ".tool-versions")):
        match = re.search(r"(?:^|java[ =]\S*?)(?:1\.)?(\d+)", text_of(files, path))
        if match:
            yield _oldest(path, match[1], known)
            return


def dotnet_evidence(project: str, files: ProjectFiles, known: _Known) -> Iterator[Evidence]:
    """What says for which .NET the code of a project file is; of several targets, each is one."""
    for path in (project, *_nearest(directory_of(project), files, ("Directory.Build.props",))):
        match = _FRAMEWORKS.search(_COMMENT.sub("", text_of(files, path)))
        versions = [(word.strip(), re.match(r"\s*net(?:coreapp)?(\d+\.\d+)", word)) for word in match[1].split(";")] if match else []
        for word, version in versions:
            if version is not None:
                major = version[1].removesuffix(".0")
                yield Evidence(place=path, says=word, version=major, allowed=tuple(item for item in known if item == major), exact=True)
        if match:
            return


# Reading.


def _nearest(directory: str, files: ProjectFiles, names: Sequence[str]) -> list[str]:
    """The nearest of the files, in the directory or above it; one or none."""
    return [path for above in upwards(directory) for name in names if is_file(files, path := joined(above, name))][:1]


def _version_files(
    directory: str, files: ProjectFiles, known: _Known, names: Mapping[str, str], version_of: Callable[[str], str]
) -> Iterator[Evidence]:
    """One for the nearest of the files that names a version; of those with several tools, the line of one."""
    for name, tool in names.items():
        for path in _nearest(directory, files, (name,)):
            lines = [line.split("#")[0].split() for line in text_of(files, path).splitlines()]
            words = [line[1] for line in lines if len(line) > 1 and line[0] == tool] if tool else [line[0] for line in lines if line]
            if words:
                yield _exact(path, words[0], known, version_of)
                return


def _exact(place: str, text: str, known: _Known, version_of: Callable[[str], str]) -> Evidence:
    wanted = version_of(text)
    if wanted == "*":
        return Evidence(place=place, says=text, allowed=tuple(known))
    return Evidence(place=place, says=text, version=wanted, allowed=tuple(version for version in known if version == wanted), exact=True)


def _ranged(place: str, text: str, known: _Known, allowed: Callable[[str, str], bool]) -> Evidence:
    return Evidence(place=place, says=text, allowed=tuple(version for version in known if allowed(text, version)))


def _oldest(place: str, text: str, known: _Known) -> Evidence:
    return Evidence(place=place, says=text, allowed=tuple(item for item in known if int(item) >= int(text)), oldest=True)


def _minor(text: str) -> str:
    """``3.13`` of ``3.13.2``, ``cpython-3.13`` and ``ruby-3.4.1``; the text itself where it names no version."""
    match = re.fullmatch(r"(?:cpython[-@]|ruby-)?(\d+\.\d+)(?:\.\d+)?", text)
    return match[1] if match else text


def _node_major(text: str) -> str:
    """``22`` of ``v22.11.0`` and ``lts/jod``; ``*`` where the newest is wanted."""
    word = text.lower()
    if word in ("lts/*", "lts", "node", "stable", "latest"):
        return "*"
    name = word.removeprefix("lts/")
    match = _NUMBER.match(name)
    return str(_NODE_NAMES[name]) if name in _NODE_NAMES else match[1].partition(".")[0] if match else text


def _python_range(text: str, version: str) -> bool:
    # Imported here: it takes longer than all else.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        specifiers = SpecifierSet(text)
    except InvalidSpecifier:
        return True
    return any(specifiers.contains(f"{version}.{patch}") for patch in _PATCHES)


def _poetry_range(text: str, version: str) -> bool:
    """Poetry's own forms beside those of the standard: https://python-poetry.org/docs/dependency-specification/"""
    return any(
        _python_range(",".join(map(_poetry_part, filter(None, map(str.strip, part.split(","))))), version) for part in text.split("||")
    )


def _poetry_part(text: str) -> str:
    match = re.fullmatch(r"([\^~]?)\s*(\d+)(?:\.(\d+))?(?:\.\d+)*(?:\.\*)?", text)
    if match is None:
        return "" if text == "*" else text
    major, minor = int(match[2]), match[3]
    if match[1] == "^":
        return f">={text[1:].strip()},<{major + 1}"
    after = f"{major}.{int(minor) + 1}" if minor is not None else str(major + 1)
    return f">={text.lstrip('~').strip()},<{after}" if match[1] else f"=={text.removesuffix('.*')}.*"


def _at(data: Mapping[str, Any], *keys: str) -> str:
    """The text at a path of keys; empty where there is none."""
    value: Any = data
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value.strip() if isinstance(value, str) else ""
