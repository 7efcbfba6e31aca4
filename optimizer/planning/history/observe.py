"""Which deployments changed which stage, and which package."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from optimizer.model.history import Deployment, History
from optimizer.model.plan import LockedBy, Stage
from optimizer.model.recipes.commands import Commands
from optimizer.planning.evidence import past_identity
from optimizer.planning.history.paths import ChangeIndex
from optimizer.planning.history.rates import weight
from optimizer.planning.history.subjects import FilesAt, Image
from optimizer.planning.history.trackers import LockTracker, PathTracker, ReadReleases, ReleaseChange, SpecTracker
from optimizer.toolchains.releases import Release


@dataclass(frozen=True, slots=True)
class LockUse:
    """What an image takes of a lock; images of one platform that take the same have it in common."""

    lock: LockedBy
    runtime: str
    architecture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LockPast:
    """A lock as it is today, and what deployments changed of it, the newest first; None from where it was not there."""

    releases: Mapping[str, Release]
    changes: tuple[ReleaseChange | None, ...]
    unread: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """What deployments did, the newest first.

    ``weights`` are what each counts.  ``steps`` has for each stage, by its
    identity, whether each deployment changed it; None where it is not known,
    or the stage was not there.  ``locks`` has the same of the packages of locks.
    """

    weights: tuple[float, ...] = ()
    steps: Mapping[str, tuple[bool | None, ...]] = field(default_factory=dict)
    locks: Mapping[LockUse, LockPast] = field(default_factory=dict)


def deployments_of(history: History) -> tuple[Deployment, ...]:
    """The deployments that changed anything of the project; others were those of a neighbour in the repository."""
    return tuple(each for each in history.deployments if ChangeIndex(each.changes).touches("."))


def observe(
    deployments: Sequence[Deployment], history: History, images: Sequence[Image], files_at: FilesAt, read: Mapping[LockUse, ReadReleases]
) -> Observations:
    """What the deployments did to the stages of the images.

    ``read`` has for each use of a lock how to read it; others are followed by their files.
    """
    trackers = _Trackers(images, files_at, history.head, read, history.submodules)
    for deployment in deployments:
        trackers.step(ChangeIndex(deployment.changes), files_at, deployment.before)
    return Observations(
        weights=tuple(weight(deployment.day, history.day) for deployment in deployments),
        steps={name: tuple(flags) for name, flags in sorted(trackers.flags.items())},
        locks={
            use: LockPast(releases=trackers.today[use], changes=tuple(tracker.changes), unread=tracker.unread)
            for use, tracker in trackers.locks.items()
        },
    )


def uses_of(images: Sequence[Image]) -> tuple[LockUse, ...]:
    """Every use of a lock, each once, in the order of the images."""
    plans = [image.kept.plan for image in images]
    return tuple(dict.fromkeys(use for plan in plans for stage in plan.stages if (use := _use(stage, plan.runtime, plan.architecture))))


def use_of(stage: Stage, image: Image) -> LockUse | None:
    """What a stage of an image takes of a lock; None for a stage without one."""
    return _use(stage, image.kept.plan.runtime, image.kept.plan.architecture)


def _use(stage: Stage, runtime: str, architecture: str) -> LockUse | None:
    return LockUse(stage.locked_by, runtime, architecture) if stage.locked_by is not None else None


class _Trackers:
    """A tracker for all that is to be followed, and what they said."""

    def __init__(
        self, images: Sequence[Image], files_at: FilesAt, head: str, read: Mapping[LockUse, ReadReleases], submodules: Collection[str]
    ) -> None:
        files, self._submodules = files_at(head), submodules
        self.locks = {use: LockTracker(use.lock, files, read[use]) for use in uses_of(images) if use in read}
        self.today = {use: tracker.releases for use, tracker in self.locks.items()}
        self.paths: dict[str, PathTracker] = {}
        self.specs = {path: SpecTracker(path, files) for path in sorted({image.spec for image in images}) if path}
        self.flags: dict[str, list[bool | None]] = {}
        # What answers for each stage: uses of locks, and steps of specifications.
        self._uses: dict[str, set[LockUse]] = {}
        self._steps: dict[str, set[tuple[str, str]]] = {}
        for image in images:
            for stage in image.kept.plan.stages:
                self._add(stage, image, files_at, head)

    def _add(self, stage: Stage, image: Image, files_at: FilesAt, head: str) -> None:
        name = past_identity(stage)
        self.flags.setdefault(name, [])
        use = use_of(stage, image)
        if use is not None and use in self.locks:
            self._uses.setdefault(name, set()).add(use)
            return
        if stage.inputs() and name not in self.paths:
            self.paths[name] = PathTracker(stage.inputs(), files_at(head), self._submodules)
        if image.spec and (not stage.inputs() or isinstance(stage.recipe, Commands)):
            self._steps.setdefault(name, set()).add((image.spec, stage.step))

    def step(self, index: ChangeIndex, files_at: FilesAt, commit: str) -> None:
        files = files_at(commit)
        locks = {use: tracker.step(index, files) for use, tracker in self.locks.items()}
        paths = {name: tracker.step(index, files) for name, tracker in self.paths.items()}
        for spec in self.specs.values():
            spec.step(index, files)
        for name, flags in self.flags.items():
            answers = [locks[use] for use in self._uses.get(name, ())]
            answers += [paths[name]] if name in paths else []
            answers += [
                step in self.specs[path].changed if step in self.specs[path].known else None for path, step in self._steps.get(name, ())
            ]
            known = [answer for answer in answers if answer is not None]
            flags.append(any(known) if known else None)
