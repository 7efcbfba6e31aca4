"""Reads what accounts hold: the repositories of all places first, then the functions of all.

In this order a version that is published meanwhile is seen as a user of its
image, whichever account the image lies in.  The image of a version that was
pushed after the lists were read is asked for by its digest, so that it is not
taken for gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

from optimizer.adapters.aws.asking import WORKERS, Asker, Missing, Unread
from optimizer.adapters.aws.functions import list_versions, read_aliases, read_version
from optimizer.adapters.aws.kept import Kept
from optimizer.adapters.aws.repositories import (
    BATCH,
    find_repository,
    list_repositories,
    read_blob_mounting,
    read_images,
    read_manifests,
    read_repository,
    with_manifests,
)
from optimizer.adapters.progress import told
from optimizer.audit.inventory import Blobs, FunctionVersion, Gap, Inventory, ManifestContent, PlaceInventory, Repository, title
from optimizer.audit.usage import Key, key_of
from optimizer.model.ecr import EcrRegistry
from optimizer.model.progress import Moved, Report, Task

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_AHEAD = 4 * WORKERS


def read_inventory(askers: Sequence[Asker], report: Report, *, owner_tag: str | None = None, kept: Kept | None = None) -> Inventory:
    """All places, one after the other.

    ``owner_tag`` is the tag of repositories and functions that names who owns
    them.  What is ``kept`` is not asked for again.  What cannot be read is a gap of its place; raises
    :class:`ConfigurationError` where credentials are missing or expired.
    """
    blobs = Blobs()
    with ThreadPoolExecutor(WORKERS) as pool:
        readings = [_Reading(asker, blobs, pool, report, owner_tag, kept) for asker in askers]
        try:
            for reading in readings:
                reading.read_repositories()
            for reading in readings:
                reading.read_functions()
            used = [key for reading in readings for version in reading.versions if (key := key_of(version))]
            for reading in readings:
                reading.read_made_since([key for key in used if key[0] == reading.place])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return Inventory(places=tuple(reading.inventory() for reading in readings), blobs=blobs)


class _Reading:
    """What is read of one place, step by step."""

    def __init__(
        self, asker: Asker, blobs: Blobs, pool: ThreadPoolExecutor, report: Report, owner_tag: str | None, kept: Kept | None
    ) -> None:
        self._asker = asker
        self._blobs = blobs
        self._pool = pool
        self._report = report
        self._owner_tag = owner_tag
        self._kept = kept
        self._repositories: list[Repository] = []
        self.versions: list[FunctionVersion] = []
        self._archives = 0
        self._mounting: bool | None = None
        self._gaps: list[Gap] = []
        self._vanished: Counter[str] = Counter()
        self._absent: set[str] = set()

    @property
    def place(self) -> EcrRegistry:
        """The account and Region."""
        return self._asker.place

    def inventory(self) -> PlaceInventory:
        """Everything that was read, sorted."""
        return PlaceInventory(
            place=self.place,
            repositories=tuple(sorted(self._repositories, key=lambda item: item.name)),
            versions=tuple(sorted(self.versions, key=lambda item: (item.function, item.version))),
            zip_functions=self._archives,
            blob_mounting=self._mounting,
            absent=frozenset(self._absent),
            gaps=tuple(_once(self._gaps)),
            vanished={what: count for what, count in sorted(self._vanished.items()) if count},
        )

    def read_repositories(self) -> None:
        """Read all repositories with their images, and the settings of the registry."""
        try:
            self._mounting = read_blob_mounting(self._asker)
        except Unread as unread:
            self._gaps.append(unread.gap)
        listed = self._listed(list_repositories(self._asker))
        read = self._each("repositories", listed, lambda item: read_repository(self._asker, item, self._owner_tag), "repository")
        found = []
        for repository, gaps in read:
            self._gaps += gaps
            found.append(repository)
        self._repositories = self._with_manifests(found)

    def _with_manifests(self, repositories: Sequence[Repository]) -> list[Repository]:
        # What is in the archive has no manifest that could be read.
        asked = {item.name: [image.digest for image in item.images if not image.archived] for item in repositories}
        batches = [(name, digests[start : start + BATCH]) for name, digests in asked.items() for start in range(0, len(digests), BATCH)]
        contents: dict[str, dict[str, ManifestContent]] = {}
        gone: dict[str, set[str]] = {}
        for name, (found, lost) in self._each("manifests", batches, self._manifests, "repository"):
            contents.setdefault(name, {}).update(found)
            gone.setdefault(name, set()).update(lost)
            self._vanished["image"] += len(lost)
        return [with_manifests(item, contents.get(item.name, {}), gone.get(item.name, set())) for item in repositories]

    def _manifests(self, batch: tuple[str, Sequence[str]]) -> tuple[str, tuple[dict[str, ManifestContent], set[str]]]:
        name, digests = batch
        try:
            return name, read_manifests(self._asker, name, digests, self._blobs, self._kept)
        except Missing:
            return name, ({}, set(digests))

    def read_functions(self) -> None:
        """Read all versions of all image functions, and count the other functions."""
        images = []
        for item in self._listed(list_versions(self._asker)):
            if item.get("PackageType") == "Image":
                images.append({name: item[name] for name in item if name not in ("Environment", "Description")})
            else:
                self._archives += item.get("Version") == "$LATEST"
        versions = self._each(
            "functions", images, lambda item: read_version(self._asker, item, self._owner_tag, self._kept), "function version"
        )
        names = sorted({item["FunctionName"] for item in images})
        aliases = dict(self._each("aliases", names, lambda name: (name, read_aliases(self._asker, name)), "function"))
        self.versions = [
            replace(version, aliases=tuple(sorted(aliases.get(version.function, {}).get(version.version, ())))) for version in versions
        ]

    def read_made_since(self, used: Iterable[Key]) -> None:
        """Read what versions run of this registry and no list had, where it is there."""
        wanted: dict[str, set[str]] = {}
        for _, name, digest in used:
            wanted.setdefault(name, set()).add(digest)
        known = {item.name: item for item in self._repositories}
        for name, digests in sorted(wanted.items()):
            if name not in known:
                known.update((item.name, item) for item in self._found(name))
            elif known[name].complete:
                known[name] = self._with_pushed(known[name], sorted(digests - {image.digest for image in known[name].images}))
        self._repositories = list(known.values())

    def _found(self, name: str) -> list[Repository]:
        """The repository of a name, if it is there."""
        try:
            repository, gaps = read_repository(self._asker, find_repository(self._asker, name), self._owner_tag)
        except Missing:
            self._absent.add(name)
            return []
        except Unread as unread:
            self._gaps.append(unread.gap)
            return []
        self._gaps += gaps
        return self._with_manifests([repository])

    def _with_pushed(self, repository: Repository, digests: Sequence[str]) -> Repository:
        try:
            found = read_images(self._asker, repository.name, digests)
        except Unread as unread:
            self._gaps.append(unread.gap)
            return replace(repository, complete=False)
        (added,) = self._with_manifests([replace(repository, images=tuple(found))])
        return replace(repository, images=tuple(sorted((*repository.images, *added.images), key=lambda image: image.digest)))

    def _listed(self, items: Iterator[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """The items up to the first page that cannot be read."""
        try:
            yield from items
        except Unread as unread:
            self._gaps.append(unread.gap)

    def _each(self, what: str, items: Iterable[_Item], read: Callable[[_Item], _Result], one: str) -> list[_Result]:
        """What is read of each item, in order, without what is gone or cannot be read."""
        items = list(items)
        results: list[_Result] = []
        task = Task(action="reading", subject=f"{len(items)} {what}", place=title(self._asker.place), count=len(items))
        if not items:
            return results
        with told(task, self._report):
            waiting: list[Future[_Result]] = []
            for done, item in enumerate(items):
                waiting.append(self._pool.submit(read, item))
                # No more than this is under way, so that answers do not pile up.
                if len(waiting) >= _AHEAD:
                    self._take(waiting.pop(0), results, one)
                    self._report(Moved(task, done + 1 - len(waiting)))
            for left, future in enumerate(waiting):
                self._take(future, results, one)
                self._report(Moved(task, len(items) - len(waiting) + left + 1))
        return results

    def _take(self, future: Future[_Result], results: list[_Result], one: str) -> None:
        try:
            results.append(future.result())
        except Missing:
            self._vanished[one] += 1
        except Unread as unread:
            self._gaps.append(unread.gap)


def _once(gaps: Iterable[Gap]) -> Iterator[Gap]:
    """The gaps, those of one action and kind together in the first."""
    groups: dict[tuple[str, str, str], list[Gap]] = {}
    for gap in gaps:
        groups.setdefault((gap.action, gap.kind, gap.hides), []).append(gap)
    for members in groups.values():
        more = len(members) - 1
        yield replace(members[0], what=f"{members[0].what} and {more} more" if more else members[0].what)
