"""What the POMs of a Maven build name in the project: parents, modules, libraries and repositories in files.

Source: https://maven.apache.org/pom.html
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from optimizer.locks.files import ProjectFiles, directory_of, is_directory, is_file, joined, leaves, upwards
from optimizer.locks.java import JavaBuildFiles
from optimizer.locks.local import Local, LocalKind

POM = "pom.xml"
# Options and extensions of the build, which Maven reads in the nearest directory above that has them.
# Source: https://maven.apache.org/configure.html
_SETTINGS = ".mvn"
# Maven 4 has a second word for modules.
_MODULES = (("modules", "module"), ("subprojects", "subproject"))
_BASEDIR = re.compile(r"^\$\{(?:project\.)?basedir\}/?")
_FILE_URL = re.compile(r"^file:(?://)?")


@dataclass(frozen=True, slots=True)
class Pom:
    """A POM, as far as it leads to other files; names are as they are written, without the inherited ones.

    ``parent`` is group, artifact and relative path of the parent, which is
    empty where the parent stands in a repository; ``named`` tells whether the
    path is written.  ``optional`` are the modules of profiles, which may be
    of another checkout.
    """

    path: str
    group: str
    artifact: str
    packaging: str
    parent: tuple[str, str, str] | None
    named: bool
    modules: tuple[str, ...]
    optional: tuple[str, ...]
    dependencies: tuple[tuple[str, str], ...]
    system: tuple[str, ...]
    repositories: tuple[str, ...]

    @property
    def directory(self) -> str:
        """Where the POM stands."""
        return directory_of(self.path)


def parse(text: str, path: str) -> Pom:
    """The POM of the text at a path; ValueError if the text is not a POM."""
    # A document type could define entities without end.
    if "<!DOCTYPE" in text:
        raise ValueError("it has a document type, which no POM needs")
    try:
        project = ElementTree.fromstring(text)  # noqa: S314 - no document type, no entities
    except (ElementTree.ParseError, ValueError) as error:
        raise ValueError(f"it is not XML: {error}") from None
    if _tag(project) != "project":
        raise ValueError("it has no <project>")
    parent = _child(project, "parent")
    relative = None if parent is None else _child(parent, "relativePath")
    everywhere = list(_elements(project))
    own = [module for group, name in _MODULES for module in _words(_child(project, group), name)]
    every = [module for group, name in _MODULES for element in everywhere if _tag(element) == group for module in _words(element, name)]
    return Pom(
        path=path,
        group=_text(project, "groupId") or (_text(parent, "groupId") if parent is not None else ""),
        artifact=_text(project, "artifactId"),
        packaging=_text(project, "packaging") or "jar",
        parent=None
        if parent is None
        else (_text(parent, "groupId"), _text(parent, "artifactId"), f"../{POM}" if relative is None else (relative.text or "").strip()),
        named=relative is not None,
        modules=tuple(own),
        optional=tuple(module for module in every if module not in own),
        dependencies=tuple((_text(item, "groupId"), _text(item, "artifactId")) for item in _child(project, "dependencies") or ()),
        system=tuple(_text(item, "systemPath") for item in everywhere if _text(item, "systemPath")),
        repositories=tuple(
            _text(item, "url") for element in everywhere if _tag(element) in ("repositories", "pluginRepositories") for item in element
        ),
    )


def build_files(files: ProjectFiles, source: str) -> JavaBuildFiles:
    """What the POM of a directory leads to.

    Raises ValueError, with the path of the file, for a POM that cannot be read.
    """
    poms, local = _reactor(files, source)
    for pom in list(poms.values()):
        local += _parents(files, pom, poms)
    for pom in poms.values():
        local += _named_files(pom)
    settings = [place for place in (joined(above_it, _SETTINGS) for above_it in upwards(source)) if is_directory(files, place)][:1]
    repositories = {item.path for item in local if item.kind is LocalKind.DIRECTORY and is_directory(files, item.path)}
    modules = {pom.directory for pom in reactor(files, source)} - {source}
    return JavaBuildFiles(
        modules=tuple(sorted(modules)),
        builds=tuple(sorted({source, *modules})),
        files=tuple(sorted(poms)),
        directories=tuple(sorted({*repositories, *settings})),
        local=tuple(dict.fromkeys(local)),
    )


def reactor(files: ProjectFiles, source: str) -> tuple[Pom, ...]:
    """The POM of a directory and those of its modules, and of theirs; raises ValueError as :func:`build_files` does."""
    return tuple(_reactor(files, source)[0].values())


def above(files: ProjectFiles, pom: Pom) -> tuple[Pom, ...]:
    """The parents of a POM that stand in the project, nearest first; raises ValueError as :func:`build_files` does."""
    found: dict[str, Pom] = {}
    list(_parents(files, pom, found))
    return tuple(found.values())


def read(files: ProjectFiles, path: str) -> Pom:
    """The POM at a path; raises ValueError, with the path, when it cannot be read."""
    try:
        return parse(files.read_text(path), path)
    except ValueError as error:
        raise ValueError(f'"{path}" cannot be read as a POM: {error}') from None


def _reactor(files: ProjectFiles, source: str) -> tuple[dict[str, Pom], list[Local]]:
    first = joined(source, POM)
    poms = {first: read(files, first)}
    local: list[Local] = []
    waiting = [first]
    while waiting:
        pom = poms[waiting.pop(0)]
        for name in (*pom.modules, *pom.optional):
            path = joined(pom.directory, name)
            # A module is a directory with a POM, or a POM of another name.
            path = path if name.endswith(".xml") else joined(path, POM)
            there = is_file(files, path)
            if there or name in pom.modules:
                local.append(Local(kind=LocalKind.FILE, path=path, place=pom.path, name=posixpath.basename(name.rstrip("/"))))
            if there and path not in poms:
                poms[path] = read(files, path)
                waiting.append(path)
    return poms, local


def _parents(files: ProjectFiles, pom: Pom, poms: dict[str, Pom]) -> Iterator[Local]:
    """Every parent in the project, which ``poms`` then holds; Maven looks in a repository where the path leads to no such POM."""
    if pom.parent is None or not pom.parent[2]:
        return
    group, artifact, relative = pom.parent
    path = joined(pom.directory, relative)
    if is_directory(files, path):
        path = joined(path, POM)
    if leaves(path):
        if pom.named:
            yield Local(kind=LocalKind.FILE, path=path, place=pom.path, name=artifact)
        return
    if not is_file(files, path):
        return
    parent = poms.get(path) or read(files, path)
    if parent.artifact != artifact or (parent.group and parent.group != group):
        return
    poms[path] = parent
    yield Local(kind=LocalKind.FILE, path=path, place=pom.path, name=artifact)
    yield from _parents(files, parent, poms)


def _named_files(pom: Pom) -> Iterator[Local]:
    for path in pom.system:
        if _BASEDIR.match(path):
            yield Local(kind=LocalKind.ARCHIVE, path=joined(pom.directory, _BASEDIR.sub("", path)), place=pom.path)
    for url in pom.repositories:
        path = _FILE_URL.sub("", url)
        if path != url and _BASEDIR.match(path):
            yield Local(kind=LocalKind.DIRECTORY, path=joined(pom.directory, _BASEDIR.sub("", path)), place=pom.path)


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _elements(project: ElementTree.Element) -> Iterator[ElementTree.Element]:
    return (element for element in project.iter() if isinstance(element.tag, str))


def _child(element: ElementTree.Element, name: str) -> ElementTree.Element | None:
    return next((child for child in element if isinstance(child.tag, str) and _tag(child) == name), None)


def _text(element: ElementTree.Element, name: str) -> str:
    child = _child(element, name)
    return "" if child is None or child.text is None else child.text.strip()


def _words(element: ElementTree.Element | None, name: str) -> Iterator[str]:
    """The texts of the children of the name."""
    for child in () if element is None else element:
        if isinstance(child.tag, str) and _tag(child) == name and child.text and child.text.strip():
            yield child.text.strip()
