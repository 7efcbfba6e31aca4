"""What lies below the paths of a run, found without being read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from optimizer.adapters.files import read_bounded
from optimizer.adapters.path_names import LARGEST_TEMPLATE, is_dockerfile, is_template
from optimizer.adapters.walk import walk
from optimizer.errors import ContextError
from optimizer.linting.finding import Location
from optimizer.linting.subjects import DockerfileSubject, Subject
from optimizer.linting.suppressions import Malformed, Suppression

_TEMPLATES = ("template.yaml", "template.yml", "template.json")
_FUNCTIONS = ("AWS::Serverless::", "AWS::Lambda::Function")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Subjects that are judged together; the app as a whole, if there is one, is the last.

    ``generated`` says that their files are made, and are not edited by people;
    ``nested`` are the templates that were read with the one that names them.
    """

    subjects: tuple[Subject, ...]
    suppressions: tuple[Suppression, ...] = ()
    malformed: tuple[Malformed, ...] = ()
    generated: bool = False
    nested: tuple[str, ...] = ()

    @property
    def locations(self) -> tuple[Location, ...]:
        """Where each subject is."""
        return tuple(dict.fromkeys(item.location for item in self.subjects))

    def covered(self, covers: Callable[[str], bool]) -> Source:
        """Without the Dockerfiles that are not to be checked, by their paths."""
        kept = [item for item in self.subjects if not isinstance(item, DockerfileSubject) or covers(item.path)]
        return replace(self, subjects=tuple(kept))

    @property
    def path(self) -> str:
        """The file or the directory that it was read from; empty for an image that lies in none."""
        return self.subjects[-1].location.path

    @property
    def dockerfiles(self) -> tuple[str, ...]:
        """The paths of its Dockerfiles, sorted."""
        return tuple(sorted({os.path.normpath(item.path) for item in self.subjects if isinstance(item, DockerfileSubject)}))

    @property
    def written_dockerfiles(self) -> tuple[str, ...]:
        """The paths of those that people wrote, sorted."""
        files = (item for item in self.subjects if isinstance(item, DockerfileSubject) and not item.planned)
        return tuple(sorted({os.path.normpath(item.path) for item in files}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Paths of Dockerfiles and of templates, each once, in the order of their directories."""

    dockerfiles: tuple[str, ...]
    templates: tuple[str, ...]


def find(paths: Iterable[str]) -> Found:
    """The Dockerfiles, and the templates with functions, at and below the paths.

    A path to a file counts whatever its name: it is a template when it ends
    like YAML or JSON, else a Dockerfile.  In a directory, templates are files
    named ``template`` or ``*.template`` with such an ending that name
    functions.  Raises :class:`ContextError` for a path that does not exist.
    """
    dockerfiles: dict[str, None] = {}
    templates: dict[str, None] = {}
    for path in paths:
        if os.path.isdir(path):
            for item in walk(path, lambda name: is_dockerfile(name) or _may_be_template(name)):
                if is_dockerfile(os.path.basename(item)):
                    dockerfiles[os.path.normpath(item)] = None
                elif _names_functions(item):
                    templates[os.path.normpath(item)] = None
        elif os.path.lexists(path):
            (templates if is_template(path) else dockerfiles)[os.path.normpath(path)] = None
        else:
            raise ContextError(f'"{path}" does not exist', path, "name a Dockerfile, or a directory that holds some")
    return Found(dockerfiles=tuple(dockerfiles), templates=tuple(templates))


def _may_be_template(name: str) -> bool:
    lowered = name.lower()
    return lowered in _TEMPLATES or lowered.endswith(tuple(f".{ending}" for ending in _TEMPLATES))


def _names_functions(path: str) -> bool:
    # Other tools have files of this name too, and some of them are no YAML.
    data = read_bounded(path, LARGEST_TEMPLATE)
    return data is not None and names_functions(data)


def names_functions(data: bytes) -> bool:
    """Whether a template of these bytes may declare functions, without reading it as one."""
    return any(word.encode() in data for word in _FUNCTIONS)
