"""What go.mod and go.work name in the project: modules at a path.

Sources: https://go.dev/ref/mod#go-mod-file, https://go.dev/ref/mod#workspaces
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from optimizer.locks.files import ProjectFiles, directory_of, is_directory, is_file, joined, upwards
from optimizer.locks.local import Local, LocalKind

MODULE = "go.mod"
WORKSPACE = "go.work"
VENDORED = "vendor/modules.txt"
_WORD = re.compile(r'"((?:\\.|[^"\\])*)"|`([^`]*)`|(=>|[()]|[^\s()"`]+)')
_VERSION = re.compile(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?")


@dataclass(frozen=True, slots=True)
class GoFile:
    """A go.mod or go.work: the version that it asks for, what it requires, replaces by a directory, and uses.

    ``replaced`` are pairs of a module and the path that it is replaced by, as
    they are written.
    """

    path: str
    go: str
    required: tuple[str, ...]
    replaced: tuple[tuple[str, str], ...]
    used: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoSources:
    """The directories and files that one module is built from.

    ``workspace`` is the directory of the go.work that is in force, if any, and
    ``modules`` are the directories of all modules at a path, the source first.
    ``vendored`` tells that every package stands in a vendor directory.
    ``versions`` are pairs of a file and the Go version that it asks for, and
    ``downloads`` tells whether any required module stands at no path.
    """

    workspace: str | None
    modules: tuple[str, ...]
    local: tuple[Local, ...]
    vendored: bool
    versions: tuple[tuple[str, str], ...]
    downloads: bool

    def files(self, files: ProjectFiles) -> tuple[str, ...]:
        """What Go reads before it knows the modules to download; each is there."""
        wanted = [joined(module, name) for module in self.modules for name in (MODULE, "go.sum")]
        if self.workspace is not None:
            wanted += [joined(self.workspace, name) for name in (WORKSPACE, "go.work.sum")]
        return tuple(path for path in wanted if is_file(files, path))


def parse(text: str, path: str) -> GoFile:
    """The file of the text at a path; what Go itself would refuse is left out."""
    go = ""
    required: list[str] = []
    replaced: list[tuple[str, str]] = []
    used: list[str] = []
    for words in _directives(text):
        verb, arguments = words[0], words[1:]
        if verb == "go" and arguments:
            go = arguments[0]
        elif verb == "require" and arguments:
            required.append(arguments[0])
        elif verb == "use" and arguments:
            used.append(arguments[0])
        elif verb == "replace" and "=>" in arguments[1:-1]:
            target = arguments[arguments.index("=>") + 1]
            # A path starts so; anything else is a module.
            if target.startswith(("./", "../", "/")) or target in (".", ".."):
                replaced.append((arguments[0], target))
    return GoFile(path, go, tuple(required), tuple(replaced), tuple(used))


def sources(files: ProjectFiles, source: str) -> GoSources:
    """What the module of a directory is built from."""
    own = _read(files, joined(source, MODULE))
    work = _workspace(files, source)
    read = [own] if work is None else [work]
    local: dict[Local, None] = {}
    waiting: list[GoFile] = []
    if work is not None:
        for name in work.used:
            path = joined(directory_of(work.path), name)
            local[Local(kind=LocalKind.PACKAGE, path=path, place=work.path)] = None
            if path != source and is_file(files, joined(path, MODULE)):
                waiting.append(_read(files, joined(path, MODULE)))
    members = [own, *waiting]
    # Replacements hold for the main modules alone: those of a replaced module are ignored.
    for file in (*members, *read):
        for name, target in file.replaced:
            path = target if target.startswith("/") else joined(directory_of(file.path), target)
            local[Local(kind=LocalKind.PACKAGE, path=path, place=file.path, name=name)] = None
    modules = dict.fromkeys([source, *(item.path for item in local if is_directory(files, item.path))])
    everything = [_read(files, joined(module, MODULE)) for module in modules if is_file(files, joined(module, MODULE))]
    vendor = source if work is None else directory_of(work.path)
    at_a_path = {name for file in (*members, *read) for name, _ in file.replaced}
    return GoSources(
        workspace=None if work is None else directory_of(work.path),
        modules=tuple(modules),
        local=tuple(local),
        vendored=is_file(files, joined(vendor, VENDORED)),
        # Without a workspace, the source stands in both.
        versions=tuple(dict.fromkeys((file.path, file.go) for file in (*everything, *read) if file.go)),
        downloads=any(set(file.required) - at_a_path for file in everything),
    )


def newer(wanted: str, given: str) -> bool:
    """Whether a version is newer than one that a tag gives, as far as the tag is exact; false for unknown forms."""
    one, other = _VERSION.match(wanted), _VERSION.match(given)
    if one is None or other is None:
        return False
    pairs = list(zip(one.groups(), other.groups(), strict=True))
    versions = [(int(left or 0), int(right)) for left, right in pairs if right is not None]
    return [left for left, _ in versions] > [right for _, right in versions]


def _workspace(files: ProjectFiles, source: str) -> GoFile | None:
    """The nearest go.work at the source or above it, if it uses the source."""
    for directory in upwards(source):
        path = joined(directory, WORKSPACE)
        if is_file(files, path):
            work = _read(files, path)
            return work if source in [joined(directory, name) for name in work.used] else None
    return None


def _read(files: ProjectFiles, path: str) -> GoFile:
    return parse(files.read_text(path), path)


def _directives(text: str) -> Iterator[list[str]]:
    """The words of each directive, with its verb; a block gives one for each of its lines."""
    block = ""
    for line in text.splitlines():
        words = [quoted or raw or word for quoted, raw, word in _WORD.findall(_without_comment(line))]
        if block:
            if words == [")"]:
                block = ""
            elif words:
                yield [block, *words]
        elif len(words) == 2 and words[1] == "(":
            block = words[0]
        elif words:
            yield words


def _without_comment(line: str) -> str:
    return re.sub(r"(^|\s)//.*$", "", line)
