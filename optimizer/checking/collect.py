"""What lies under the paths of a run, grouped by the conventions that hold for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from optimizer.adapters.kinds import Kind, expect
from optimizer.adapters.paths import shown
from optimizer.adapters.tree import Source, find, is_app, is_image
from optimizer.checking.group import Group
from optimizer.config.lookup import ConventionsLookup
from optimizer.errors import ContextError
from optimizer.linting.conventions import Conventions


class BuiltImages:
    """The built images of a run, each read once: that takes as long as they are large.

    ``names`` are images that are named beside the paths; ``source`` and
    ``platform`` are those of ``optimizer inspect``.  ``announce`` gets the name
    of each image before it is read.
    """

    def __init__(
        self,
        names: Sequence[str] = (),
        source: str | None = None,
        platform: str | None = None,
        announce: Callable[[str], None] = lambda name: None,
    ) -> None:
        self.names = tuple(names)
        self._source = source
        self._platform = platform
        self._announce = announce
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

            self._announce(name)
            source = self._source if name in self.names else None
            estimate = conventions.max_image_bytes is not None
            self._read[name] = load_image(name, source=source, platform=self._platform, estimate=estimate)
        return self._read[name]


def collect(paths: Sequence[str], images: BuiltImages, lookup: ConventionsLookup, *, here: str, environment: str) -> list[Group]:
    """Everything under the paths, in groups.

    The conventions of the file ``here`` hold for images that lie in no file;
    ``environment`` is that of SAM's ``samconfig``.  Raises
    :class:`ContextError` when there is nothing, and for specifications.
    """
    paths = [shown(path) for path in paths]
    expect("lint", paths, besides=(Kind.MISSING,))
    groups: dict[str, Group] = {}

    def of(path: str) -> Group:
        scoped = lookup.for_path(path)
        return groups.get(scoped.directory) or groups.setdefault(scoped.directory, Group(scoped=scoped))

    apps = [path for path in paths if is_app(path)]
    archives = [path for path in paths if is_image(path)]
    others = [path for path in paths if path not in apps and path not in archives]
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
    found = find(others)
    templates: list[tuple[Group, Source]] = []
    for path in found.templates:
        from optimizer.adapters.templates import load_template

        group = of(path)
        if group.scoped.covers(path):
            source = load_template(path, mirror=group.conventions.mirror, environment=environment)
            templates.append((group, source.covered(group.scoped.covers)))
    for group, source in _outermost(templates):
        group.sources.append(source)
    # A template says more of its Dockerfiles than they do themselves.
    declared = {path for group in groups.values() for source in group.sources for path in source.dockerfiles}
    for path in found.dockerfiles:
        if path not in declared and of(path).scoped.covers(path):
            of(path).files.append(path)
    if not found.dockerfiles and not groups:
        raise ContextError("there is no Dockerfile under the paths", ", ".join(paths), "name the file itself if it has another name")
    return list(groups.values())


def _outermost(templates: list[tuple[Group, Source]]) -> list[tuple[Group, Source]]:
    """Without the templates that another one nests, which says more of them; of those that nest one another, one stays."""
    kept = list(templates)
    for item in templates:
        if any(item[1].path in other.nested for _, other in kept if other is not item[1]):
            kept.remove(item)
    return kept
