"""What lies under the paths of a run, grouped by the conventions that hold for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from optimizer.adapters.kinds import Kind, expect
from optimizer.adapters.path_names import is_app, is_image, is_spec
from optimizer.adapters.paths import shown
from optimizer.adapters.progress import told
from optimizer.adapters.spec_dockerfiles import LoadSpec
from optimizer.adapters.tree import Source, find
from optimizer.checking.group import Group
from optimizer.config.lookup import ConventionsLookup
from optimizer.errors import ContextError, Fault, OptimizerError
from optimizer.linting.conventions import Conventions
from optimizer.model.progress import Report, Task


class NothingToCheck(ContextError):
    """Nothing under the paths of a run is anything that rules judge."""


class BuiltImages:
    """The built images of a run, each read once: that takes as long as they are large.

    ``names`` are images that are named beside the paths; ``source`` and
    ``platform`` are those of ``optimizer inspect``.  ``report`` is told
    when an image is read.
    """

    def __init__(
        self,
        names: Sequence[str] = (),
        source: str | None = None,
        platform: str | None = None,
    ) -> None:
        self.names = tuple(names)
        self._source = source
        self._platform = platform
        self.report: Report = lambda event: None
        self._read: dict[str, Source] = {}

    @property
    def words(self) -> list[str]:
        """The options of the command line that name the same images."""
        words = [word for name in self.names for word in ("--image", name)]
        for option, value in (("--from", self._source), ("--platform", self._platform)):
            words += [option, value] if value else []
        return words

    def load(self, name: str, conventions: Conventions) -> Source:
        """The image of this name, or in the file of this path."""
        if name not in self._read:
            # Imported here, because most runs have no image.
            from optimizer.adapters.images.reading import load_image

            source = self._source if name in self.names else None
            estimate = conventions.max_image_bytes is not None or bool(conventions.budgets)
            with told(Task(action="reading", subject=name), self.report):
                self._read[name] = load_image(name, source=source, platform=self._platform, estimate=estimate)
        return self._read[name]


def collect(
    paths: Sequence[str], images: BuiltImages, lookup: ConventionsLookup, *, here: str, environment: str, load_spec: LoadSpec
) -> list[Group]:
    """Everything under the paths, in groups.

    The conventions of the file ``here`` hold for images that lie in no file;
    ``environment`` is that of SAM's ``samconfig``, and ``load_spec`` reads the
    specifications that are named, or that templates name.  Raises
    :class:`NothingToCheck` when there is nothing, and :class:`OptimizerError`
    with the faults of all specifications that are named.
    """
    paths = [shown(path) for path in paths]
    expect("lint", paths, besides=(Kind.MISSING,))
    groups: dict[str, Group] = {}

    def of(path: str) -> Group:
        scoped = lookup.for_path(path)
        return groups.get(scoped.directory) or groups.setdefault(scoped.directory, Group(scoped=scoped))

    apps = [path for path in paths if is_app(path)]
    archives = [path for path in paths if is_image(path)]
    specs = [path for path in paths if is_spec(os.path.basename(path)) and not os.path.isdir(path)]
    others = [path for path in paths if path not in apps and path not in archives and path not in specs]
    for name in (*archives, *images.names):
        path = name if os.path.exists(name) else ""
        group = of(path or here)
        if not path or group.scoped.covers(path):
            group.sources.append(images.load(name, group.conventions))
    for path in apps:
        # Imported here and below, because most trees have neither apps nor templates.
        from optimizer.adapters.subjects import load_app

        group = of(os.path.abspath(path))
        source = load_app(path, group.known, mirror=group.conventions.mirror, reported=True)
        group.sources.append(source.covered(group.scoped.covers))
    for group, source in _specs(dict.fromkeys(specs), of, load_spec):
        group.sources.append(source)
    found = find(others)
    templates: list[tuple[Group, Source]] = []
    for path in found.templates:
        from optimizer.adapters.templates import load_template

        group = of(path)
        if group.scoped.covers(path):
            source = load_template(path, mirror=group.conventions.mirror, environment=environment, load_spec=load_spec)
            templates.append((group, source.covered(group.scoped.covers)))
    for group, source in _outermost(templates):
        group.sources.append(source)
    # A template says more of its Dockerfiles than they do themselves.
    declared = {path for group in groups.values() for source in group.sources for path in source.dockerfiles}
    for path in found.dockerfiles:
        if path not in declared and of(path).scoped.covers(path):
            of(path).files.append(path)
    if not found.dockerfiles and not groups:
        raise NothingToCheck(
            "there is no Dockerfile and no template under the paths",
            ", ".join(paths),
            "name the file itself if it has another name; of an app its output, such as cdk.out; of a specification the *.image.toml file",
        )
    return list(groups.values())


def _specs(paths: Iterable[str], of: Callable[[str], Group], load: LoadSpec) -> Iterator[tuple[Group, Source]]:
    faults: list[Fault] = []
    for path in paths:
        # Imported here, because most runs name no specification.
        from optimizer.adapters.spec_dockerfiles import load_spec

        group = of(path)
        if not group.scoped.covers(path):
            continue
        try:
            yield group, load_spec(path, group.conventions.mirror, load)
        except OptimizerError as error:
            faults += error.faults
    if faults:
        raise OptimizerError(faults)


def _outermost(templates: list[tuple[Group, Source]]) -> list[tuple[Group, Source]]:
    """Without the templates that another one nests, which says more of them; of those that nest one another, one stays."""
    kept = list(templates)
    for item in templates:
        if any(item[1].path in other.nested for _, other in kept if other is not item[1]):
            kept.remove(item)
    return kept
