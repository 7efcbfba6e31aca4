"""What lies below the paths of a run, found without being read."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from optimizer.adapters.dockerfiles import SKIPPED, read_bounded
from optimizer.linting.finding import Location
from optimizer.linting.subjects import DockerfileSubject, Subject
from optimizer.linting.suppressions import Malformed, Suppression

LARGEST_TEMPLATE = 4 * 1024 * 1024
"""The largest template that is read, in bytes; CloudFormation takes 1 MB."""

_TEMPLATES = ("template.yaml", "template.yml", "template.json")
_FUNCTIONS = ("AWS::Serverless::", "AWS::Lambda::Function")
_ARCHIVES = (".tar", ".tar.gz", ".tgz")
SPEC_SUFFIX = ".image.toml"
"""How the names of specifications end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Subjects that are judged together; the app as a whole, if there is one, is the last.

    ``generated`` says that their files are made, and that nobody edits them.
    """

    subjects: tuple[Subject, ...]
    suppressions: tuple[Suppression, ...] = ()
    malformed: tuple[Malformed, ...] = ()
    generated: bool = False

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


def find_templates(paths: Iterable[str | os.PathLike[str]]) -> Iterator[str]:
    """The templates with functions under the paths, each once, those of a directory sorted.

    A path to a file counts when its ending is one of YAML or JSON; in a
    directory, files named ``template`` or ``*.template`` with such an ending
    that speak of functions.  Directories are skipped as for Dockerfiles.
    """
    seen: set[str] = set()
    for path in paths:
        name = os.fspath(path)
        for item in _walk(name) if os.path.isdir(name) else [name] if is_template(name) else []:
            normal = os.path.normpath(item)
            if normal not in seen:
                seen.add(normal)
                yield normal


def is_template(name: str) -> bool:
    """Whether a file of this name is taken for a template when the user names it."""
    return name.lower().endswith((".yaml", ".yml", ".json", ".template"))


def is_spec(name: str) -> bool:
    """Whether a file of this name is a specification of an image."""
    return name.endswith(SPEC_SUFFIX)


def is_app(path: str) -> bool:
    """Whether the path is the output directory of ``cdk synth``."""
    return all(os.path.isfile(os.path.join(path, name)) for name in ("manifest.json", "cdk.out"))


def is_image(path: str) -> bool:
    """Whether the path is a built image: the directory of an OCI layout, or an archive by its name or its first bytes."""
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            return os.path.isfile(os.path.join(path, "oci-layout"))
        # A named pipe would never end.
        if not stat.S_ISREG(mode):
            return False
        if path.lower().endswith(_ARCHIVES):
            return True
        with open(path, "rb") as file:
            return file.read(262)[257:] == b"ustar"
    except (OSError, ValueError):
        return False


def _walk(root: str) -> Iterator[str]:
    for directory, below, files in os.walk(root):
        below[:] = sorted(name for name in below if name not in SKIPPED)
        for name in sorted(files):
            if name.lower() in _TEMPLATES or name.lower().endswith(tuple(f".{ending}" for ending in _TEMPLATES)):
                path = os.path.join(directory, name)
                # Other tools have files of this name too, and some of them are no YAML.
                data = read_bounded(path, LARGEST_TEMPLATE)
                if data is not None and any(word.encode() in data for word in _FUNCTIONS):
                    yield path
