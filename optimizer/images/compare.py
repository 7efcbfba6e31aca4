"""How two builds of one image differ: layer by layer, entry by entry, each difference with what causes it.

Terms: two layers are *equal* when their archives are (diff ids), and so are
their blobs where both are known.  They differ in *content* when a file, a name
or a link does; in *metadata* when only times, modes, owners, attributes,
order or directories do; and in the *compressor* when the archives are equal
and the blobs are not, which changes no image.
"""

from __future__ import annotations

import bisect
import datetime
import posixpath
from collections.abc import Callable, Hashable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from optimizer.images.analysis import layer_steps
from optimizer.images.explain import Explanation
from optimizer.model.image import Entry, Image

EQUAL, CONTENT, METADATA, COMPRESSOR = "equal", "content", "metadata", "compressor"

MODE = "the mode comes from the umask of the checkout: set modes in a build stage, or with COPY --chmod"
OWNER = "the owner comes from the user that builds: set it with --chown, in numbers"
SOURCE_TIME = "the time is that of the source file: touch it to a constant in a build stage"
CLOCK = "the time is that of the build: touch everything to a constant at the end of the build stage"
PARENT_TIME = (
    "a parent directory that the build made on the way, with the clock's time: "
    "make and touch the whole path in a build stage, and copy the tree to / (COPY --from=stage /layer/ /)"
)
PARENT_ENTRY = "only one build wrote an entry for this parent directory: make the whole path in a build stage, and copy the tree to /"
ATTRIBUTES = "extended attributes differ: they come from the file system of the machine that builds"
ORDER = "the same entries in another order: build with one kind of image store, or copy the tree through a build stage"
FORM = "the same entries, written in another form: another version of the builder wrote the archive; pin the builder"
OTHER_COMPRESSOR = (
    "the same content, compressed by another compressor, level or version of the engine: the image is the same, "
    "but the layer is pushed and stored once more; push with one version of the engine"
)
RANDOM_NAME = "a random name: make the build choose a constant one, or remove the file in the same step"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTimes:
    """The times that the sources of two builds had, each a range of seconds since 1970."""

    first: tuple[float, float]
    second: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference between two layers.

    ``kind`` is ``content`` or ``metadata``.  ``field`` is ``content``,
    ``name``, ``kind``, ``target``, ``only in first``, ``only in second``, or
    ``parent directory``, ``mode``, ``owner``, ``attributes``, ``mtime``,
    ``order``, ``form``.  ``offset`` is that of the first differing byte of a
    file, where it is known.
    """

    kind: str
    field: str
    path: str
    first: str
    second: str
    hint: str = ""
    offset: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerComparison:
    """Two layers at one place, counted from 0; ``differences`` is sorted with content first, and whole."""

    number: int
    step: str
    first_diff_id: str
    second_diff_id: str
    verdict: str
    differences: tuple[Difference, ...] = ()
    hint: str = ""

    @property
    def reproducible(self) -> bool:
        """Whether both archives are the same, however they are compressed."""
        return self.verdict in (EQUAL, COMPRESSOR)

    def with_differences(self, differences: Sequence[Difference]) -> LayerComparison:
        """The same comparison with its differences explained."""
        return replace(self, differences=tuple(differences))


def verdict(first: Image, second: Image, number: int) -> str | None:
    """The verdict on two layers by their digests; None when their entries must be compared."""
    one, other = first.layers[number], second.layers[number]
    if one.diff_id != other.diff_id:
        return None
    if one.digest and other.digest and one.digest != other.digest:
        return COMPRESSOR
    return EQUAL


def compare_layer(
    first: Image,
    second: Image,
    number: int,
    entries: tuple[Sequence[Entry], Sequence[Entry]] | None = None,
    times: SourceTimes | None = None,
) -> LayerComparison:
    """The comparison of two layers; ``entries`` are needed where :func:`verdict` gives None."""
    one, other = first.layers[number], second.layers[number]
    found = verdict(first, second, number)
    step = layer_steps(first)[number]
    differences: tuple[Difference, ...] = ()
    if found is None:
        assert entries is not None, "layers with other diff ids are compared by their entries"
        differences = compare_entries(*entries, times, copied=not step.startswith("RUN")) or (
            Difference(kind=METADATA, field="form", path="", first="", second="", hint=FORM),
        )
        found = differences[0].kind
    return LayerComparison(
        number=number,
        step=step,
        first_diff_id=one.diff_id,
        second_diff_id=other.diff_id,
        verdict=found,
        differences=differences,
        hint=OTHER_COMPRESSOR if found == COMPRESSOR else "",
    )


def compare_entries(
    first: Sequence[Entry], second: Sequence[Entry], times: SourceTimes | None = None, *, copied: bool = True
) -> tuple[Difference, ...]:
    """Every difference between the entries of two layers: content first, then sorted by path.

    ``copied`` says that a COPY or ADD made the layer: only these make parent
    directories on the way.
    """
    one, other = {entry.path: entry for entry in first}, {entry.path: entry for entry in second}
    found = _names(one, other)
    for path in one.keys() & other.keys():
        found += _pair(one[path], other[path])
    if not found and [entry.path for entry in first] != [entry.path for entry in second]:
        moved = next(a.path for a, b in zip(first, second, strict=False) if a.path != b.path)
        found.append(Difference(kind=METADATA, field="order", path=moved, first="", second="", hint=ORDER))
    # What the build itself wrote in a directory gave it its time; what differs as the sources do did not.
    touched = {
        posixpath.dirname(item.path)
        for item in found
        if (one.get(item.path) or other[item.path]).kind != "directory"
        and (item.kind == CONTENT or (item.field == "mtime" and not _of_sources(item, times)))
    }
    found = [
        _timed(item, not copied or item.path in touched or one[item.path].kind != "directory", times) if item.field == "mtime" else item
        for item in found
    ]
    return tuple(sorted(found, key=lambda item: (item.kind != CONTENT, item.path, item.field)))


def explained(difference: Difference, explanation: Explanation | None) -> Difference:
    """A difference in content, explained from the bytes."""
    if explanation is None:
        return difference
    return replace(
        difference, first=explanation.first, second=explanation.second, hint=explanation.hint or difference.hint, offset=explanation.offset
    )


def _pair(one: Entry, other: Entry) -> list[Difference]:
    found = []

    def differ(kind: str, field: str, first: str, second: str, hint: str = "") -> None:
        if first != second:
            found.append(Difference(kind=kind, field=field, path=one.path, first=first, second=second, hint=hint))

    differ(CONTENT, "kind", one.kind, other.kind)
    if one.kind == other.kind:
        if one.digest != other.digest:
            differ(CONTENT, "content", f"{one.size_bytes} bytes, {one.digest[:12]}", f"{other.size_bytes} bytes, {other.digest[:12]}")
        differ(CONTENT, "target", one.target, other.target)
    differ(METADATA, "mode", f"{one.mode:04o}", f"{other.mode:04o}", MODE)
    differ(METADATA, "owner", f"{one.uid}:{one.gid}", f"{other.uid}:{other.gid}", OWNER)
    differ(METADATA, "attributes", _attributes(one), _attributes(other), ATTRIBUTES)
    if one.mtime != other.mtime:
        differ(METADATA, "mtime", f"{one.mtime:.9f}", f"{other.mtime:.9f}", CLOCK)
    return found


def _timed(item: Difference, in_use: bool, times: SourceTimes | None) -> Difference:
    """A difference in time with its cause, and the times in words; ``in_use`` unless it is a directory of equal files."""
    hint = SOURCE_TIME if _of_sources(item, times) else CLOCK if in_use else PARENT_TIME
    return replace(item, first=_time(float(item.first)), second=_time(float(item.second)), hint=hint)


def _of_sources(item: Difference, times: SourceTimes | None) -> bool:
    """Whether a difference in time is that of the sources of the two builds."""
    if times is None:
        return False
    return times.first[0] <= float(item.first) <= times.first[1] and times.second[0] <= float(item.second) <= times.second[1]


def _names(one: Mapping[str, Entry], other: Mapping[str, Entry]) -> list[Difference]:
    """What is in one layer alone: parent directories, names that changed, and the rest."""
    found: list[Difference] = []
    holders = {parent for path in one.keys() & other.keys() for parent in _parents(path)}
    for entries, others, first, second in ((one, other, "present", "missing"), (other, one, "missing", "present")):
        found += [
            Difference(kind=METADATA, field="parent directory", path=path, first=first, second=second, hint=PARENT_ENTRY)
            for path in entries.keys() - others.keys()
            if path in holders
        ]
    gone, new = _tops(one, other, holders), _tops(other, one, holders)
    renamed = _renamed(gone, one, new, other)
    found += [
        Difference(kind=CONTENT, field="name", path=path, first=path, second=after, hint=RANDOM_NAME) for path, after in renamed.items()
    ]
    found += [
        Difference(kind=CONTENT, field="only in first", path=path, first=one[path].kind, second="missing")
        for path in gone
        if path not in renamed
    ]
    taken = set(renamed.values())
    found += [
        Difference(kind=CONTENT, field="only in second", path=path, first="missing", second=other[path].kind)
        for path in new
        if path not in taken
    ]
    return found


def _tops(entries: Mapping[str, Entry], others: Mapping[str, Entry], holders: Set[str]) -> list[str]:
    """The paths that only ``entries`` has, without those below another of them, sorted."""
    alone = entries.keys() - others.keys() - holders
    return sorted(path for path in alone if not any(parent in alone for parent in _parents(path)))


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _renamed(gone: Sequence[str], one: Mapping[str, Entry], new: Sequence[str], other: Mapping[str, Entry]) -> dict[str, str]:
    """Paths that are one thing under two names: equal content in one directory, or the only two of a kind there."""
    pairs: dict[str, str] = {}
    for identify, ambiguous in ((_content_identity, True), (_place_identity, False)):
        taken = set(pairs.values())
        left = _by_identity([path for path in gone if path not in pairs], one, identify)
        right = _by_identity([path for path in new if path not in taken], other, identify)
        for key in left.keys() & right.keys():
            # Two of a place are only taken for one another where nothing else could be.
            if ambiguous or len(left[key]) == len(right[key]) == 1:
                pairs.update(zip(left[key], right[key], strict=False))
    return pairs


def _by_identity(
    paths: Sequence[str], entries: Mapping[str, Entry], identify: Callable[[str, Mapping[str, Entry], Sequence[str]], Hashable]
) -> dict[Hashable, list[str]]:
    names = sorted(entries)
    found: dict[Hashable, list[str]] = {}
    for path in paths:
        below = names[bisect.bisect_left(names, f"{path}/") : bisect.bisect_left(names, f"{path}0")]
        found.setdefault(identify(path, entries, below), []).append(path)
    return found


def _content_identity(path: str, entries: Mapping[str, Entry], below: Sequence[str]) -> Hashable:
    entry = entries[path]
    tree = tuple((name[len(path) :], entries[name].digest) for name in below)
    return posixpath.dirname(path), entry.kind, entry.digest, entry.target, tree


def _place_identity(path: str, entries: Mapping[str, Entry], below: Sequence[str]) -> Hashable:
    return posixpath.dirname(path), entries[path].kind, posixpath.splitext(path)[1]


def _attributes(entry: Entry) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in entry.attributes) or "none"


def _time(seconds: float) -> str:
    try:
        moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    except (ValueError, OverflowError, OSError):
        return f"{seconds} seconds since 1970"
    return moment.isoformat().replace("+00:00", "Z")
