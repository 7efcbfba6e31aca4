"""Directories of a project that hold the code of a function, and what they are built from."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from optimizer.adoption.handlers import Entry, entries, is_aside, may_define, order
from optimizer.locks.files import directory_of

TASK = "/var/task/"

_MANIFESTS = {
    "Python": ("pyproject.toml", "requirements.txt", "uv.lock", "poetry.lock", "Pipfile", "pylock.toml", ".python-version"),
    "Node.js": ("package.json",),
    "Ruby": ("Gemfile", ".ruby-version"),
    "Java": ("pom.xml", "build.gradle", "build.gradle.kts"),
    ".NET": (".csproj", ".fsproj", ".vbproj"),
    "Go": ("go.mod",),
    "Rust": ("Cargo.toml",),
}
"""Names, or the ends of names, of files by which a directory is known to be code of a language."""

_UNKNOWN = {
    "composer.json": "PHP",
    "mix.exs": "Elixir",
    "Package.swift": "Swift",
    "CMakeLists.txt": "C or C++",
    "deno.json": "Deno",
    "deno.jsonc": "Deno",
    "build.sbt": "Scala with sbt",
    "project.clj": "Clojure",
    "stack.yaml": "Haskell",
    "cpanfile": "Perl",
    "build.zig": "Zig",
}
"""Files of languages that this project has no step for."""

_CODE_DIRECTORIES = ("src", "lib", "app", "code", "function", "lambda", "handler", "handlers")
"""Names that say nothing of a function."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCode:
    """The code of a function.

    ``directory`` is what its image is made from, and ``files`` are those that
    Lambda enters, in the order of their likelihood; ``handlers`` are theirs,
    empty where none is told.  ``to`` is where in the image the directory
    belongs.  ``manifest`` is the file that its build starts from; empty for
    none.
    """

    directory: str
    language: str
    files: tuple[str, ...] = ()
    handlers: tuple[str, ...] = ()
    to: str = TASK
    manifest: str = ""

    @property
    def name(self) -> str:
        """What the function may be called; empty for code at the top of a project."""
        parts = [part for part in self.directory.split("/") if part != "."]
        while parts and parts[-1].lower() in _CODE_DIRECTORIES:
            parts.pop()
        return parts[-1] if parts else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a look at a project's files found.

    ``functions`` are sorted by directory.  ``open`` are directories in which
    several languages may be that of a function; ``unknown`` are pairs of a
    file and the language that it is of, for which there is no step; ``quiet``
    are manifests of directories in which nothing defines a handler.
    """

    functions: tuple[FunctionCode, ...] = ()
    open: tuple[tuple[str, tuple[str, ...]], ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    quiet: tuple[str, ...] = ()


def survey(paths: Iterable[str], read: Callable[[str], str | None], *, top: str = ".", apps: Collection[str] = ()) -> Survey:
    """The functions among the files of a project.

    ``paths`` are all files below ``top``, relative to the project; ``read``
    gives the text of one, or None.  ``apps`` are the directories of CDK apps,
    whose own program is no function.
    """
    known = sorted(paths)
    found: list[Entry] = []
    for path in known:
        if may_define(path) and (text := read(path)) is not None:
            found += entries(path, text)
    names = set(known)
    groups: dict[tuple[str, str, str], list[FunctionCode]] = {}
    for entry in sorted(found, key=order):
        code = _code(entry, names, read, top, apps)
        groups.setdefault((code.directory, code.language, code.manifest), []).append(code)
    functions = [_merged(group) for group in groups.values()]
    unknown = [(path, _UNKNOWN[name]) for path in known if (name := posixpath.basename(path)) in _UNKNOWN]
    manifests = [path for path in known if _language(posixpath.basename(path)) and not _is_root(path, read)]
    there = {language for path in known if directory_of(path) == top for language in _languages(path)}
    languages = [language for language in _MANIFESTS if language in there]
    opened: list[tuple[str, tuple[str, ...]]] = []
    if not functions and top not in apps and languages:
        if len(languages) > 1:
            opened.append((top, tuple(languages)))
        else:
            (language,) = languages
            own = next((path for path in manifests if directory_of(path) == top and _language(posixpath.basename(path)) == language), "")
            functions.append(FunctionCode(directory=top, language=language, manifest=own))
    used = {function.directory for function in functions}
    quiet = {
        directory_of(path): path
        for path in reversed(manifests)
        if not is_aside(path)
        and directory_of(path) not in apps
        and directory_of(path) != top
        and not any(_related(directory_of(path), one) for one in used)
    }
    return Survey(
        functions=tuple(sorted(functions, key=lambda item: (item.directory, item.language, item.manifest))),
        open=tuple(opened),
        unknown=tuple(unknown),
        quiet=tuple(sorted(quiet.values())),
    )


def _code(entry: Entry, names: Collection[str], read: Callable[[str], str | None], top: str, apps: Collection[str]) -> FunctionCode:
    directory = directory_of(entry.path)
    code = FunctionCode(
        directory=directory, language=entry.language, files=(entry.path,), handlers=(entry.handler,) if entry.handler else ()
    )
    if entry.language == "Python":
        return _python(code, read(entry.path) or "")
    if entry.language in ("Rust", ".NET"):
        return replace(code, manifest=entry.path, handlers=code.handlers or _dotnet_handlers(directory, read))
    near = _manifest_above(directory, entry.language, names, top, apps)
    if entry.language == "Ruby" or near is None:
        return replace(code, manifest=near or "")
    home = directory_of(near)
    if entry.language == "Node.js":
        inside = posixpath.relpath(directory, home)
        if inside.split("/")[0] not in (".", "src", "lib") or _is_root(near, read):
            return replace(code, manifest=near)
        # TypeScript leaves src out where that is all that it compiles.
        is_source = entry.path.endswith("ts") and inside.split("/")[0] == "src"
        start = posixpath.normpath(posixpath.join(posixpath.relpath(inside, "src") if is_source else inside, entry.handler))
        return replace(code, directory=home, handlers=(start,), manifest=near)
    if entry.language == "Go":
        return replace(code, manifest=near)
    return replace(code, directory=home, manifest=near)


def _python(code: FunctionCode, text: str) -> FunctionCode:
    """A module that imports what is beside it by the name of its package belongs to a package."""
    package = posixpath.basename(code.directory)
    if code.directory != "." and re.search(
        rf"^\s*from\s+(?:\.|{re.escape(package)}\b)|^\s*import\s+{re.escape(package)}\b", text, re.MULTILINE
    ):
        return replace(code, to=f"{TASK}{package}/", handlers=tuple(f"{package}.{handler}" for handler in code.handlers))
    return code


def _dotnet_handlers(directory: str, read: Callable[[str], str | None]) -> tuple[str, ...]:
    """The handler that AWS's tools for .NET deploy with."""
    try:
        data = json.loads(read(posixpath.normpath(posixpath.join(directory, "aws-lambda-tools-defaults.json"))) or "{}")
    except (ValueError, RecursionError):
        return ()
    handler = data.get("function-handler") if isinstance(data, dict) else None
    return (handler,) if isinstance(handler, str) and handler else ()


def _manifest_above(directory: str, language: str, names: Collection[str], top: str, apps: Collection[str]) -> str | None:
    """The nearest manifest of a language, not above the directory that is looked at."""
    while True:
        if directory not in apps:
            for name in _MANIFESTS[language]:
                path = posixpath.normpath(posixpath.join(directory, name))
                if path in names:
                    return path
        if directory in (top, "."):
            return None
        directory = directory_of(directory)


def _merged(group: Sequence[FunctionCode]) -> FunctionCode:
    return replace(
        group[0],
        files=tuple(dict.fromkeys(path for code in group for path in code.files)),
        handlers=tuple(dict.fromkeys(handler for code in group for handler in code.handlers)),
    )


def _languages(path: str) -> Iterator[str]:
    name = posixpath.basename(path)
    if language := _language(name):
        yield language
    if name.endswith(".py"):
        yield "Python"


def _language(name: str) -> str | None:
    for language, manifests in _MANIFESTS.items():
        if name in manifests or (language == ".NET" and name.endswith(manifests)):
            return language
    return None


def _is_root(path: str, read: Callable[[str], str | None]) -> bool:
    """Whether a manifest only holds others together."""
    name = posixpath.basename(path)
    text = read(path) or ""
    if name == "package.json":
        return '"workspaces"' in text
    if name == "Cargo.toml":
        return "[workspace]" in text and "[package]" not in text
    if name == "pom.xml":
        return "<modules>" in text
    return name == "pyproject.toml" and "[project]" not in text and "[tool.poetry]" not in text


def _related(one: str, other: str) -> bool:
    """Whether one directory is the other, or above or below it."""
    return "." in (one, other) or one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")
