"""``optimizer plan --update``: what the past says of an app, written into its lock."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import click

from optimizer.adapters.files import replace_file
from optimizer.adapters.git.files import FilesAt, GitObjects
from optimizer.adapters.git.history import commit_of, is_before, read_history
from optimizer.adapters.git.program import GitFailure
from optimizer.adapters.measurements import read_measurements
from optimizer.adapters.progress import told
from optimizer.bases.lock import Lock
from optimizer.cli.options import text_width
from optimizer.cli.plan_target import PlanTarget
from optimizer.cli.progress import shown_progress
from optimizer.config.settings import Settings
from optimizer.errors import ContextError, LockError, OptimizerError
from optimizer.locks.files import ProjectFiles
from optimizer.locks.nodejs import NPM
from optimizer.locks.python import PYPI, LockFault
from optimizer.model.evidence import Evidence
from optimizer.model.history import History
from optimizer.model.packing import ECOSYSTEMS, Packing
from optimizer.model.plan import LockedBy
from optimizer.model.progress import Task
from optimizer.model.recipes.nodejs import NodePackages
from optimizer.model.text import few
from optimizer.planning.evidence import is_group
from optimizer.planning.history.decide import Decisions, decide
from optimizer.planning.history.observe import LockUse, Observations, deployments_of, observe, uses_of
from optimizer.planning.history.packing import (
    ASSUMED_BYTES,
    PackingDecision,
    Releases,
    decide_packing,
    divisible_uses,
    group_evidence,
    groups_of,
    unsized,
    with_decisions,
    with_sizes,
)
from optimizer.planning.history.rates import MINIMUM
from optimizer.planning.history.subjects import Image
from optimizer.planning.history.trackers import ReadReleases
from optimizer.project.files import Project
from optimizer.report.counts import counted
from optimizer.report.evidence import TITLES, EvidenceReport, evidence_as_text, evidence_to_dict
from optimizer.report.sizes import size_text
from optimizer.toolchains.locked import read_releases
from optimizer.toolchains.nodejs_releases import versions_of
from optimizer.toolchains.releases import Release

STALE = 1
"""The exit code of ``--check`` where the lock is not as an update would write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateOptions:
    """What an update is told.

    ``measured`` are reports of ``publish``, ``budget`` the most layers of
    packages in an image, ``deployed`` the commit that is deployed, None for the
    newest one; with ``check`` nothing is written.
    """

    measured: Sequence[Path] = ()
    budget: int
    deployed: str | None = None
    ask_index: bool = False
    check: bool = False
    form: str = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """What history says, None where there is none; the releases of locks as they are here, and as they are deployed."""

    history: History | None = None
    observed: Observations = field(default_factory=Observations)
    planned: Releases = field(default_factory=dict)
    deployed: Releases = field(default_factory=dict)


def update(targets: Sequence[PlanTarget], settings: Settings, options: UpdateOptions) -> int:
    """Write evidence and decisions for the images of the targets, and show them; the exit code."""
    images = _images(targets, settings.root)
    if not images:
        raise ContextError(
            "no image here was made from a specification",
            str(targets[0].subject),
            "name a specification, or an app with an OptimizedFunction",
        )
    lock = settings.load_lock()
    measured = read_measurements(options.measured)
    notes: list[str] = []
    with shown_progress() as events, told(Task(action="checking", subject="the history"), events):
        past = _past(images, settings.root, lock.evidence, options.deployed, notes)
    history, observed = past.history, past.observed
    decisions = decide(observed, history, images, measured, lock.evidence)
    evidence = decisions.evidence
    if evidence.date is None and evidence.steps:
        # Only what was measured is known, and that today.
        evidence = replace(evidence, date=datetime.datetime.now(datetime.timezone.utc).date())
    if options.ask_index:
        for ecosystem, sizes in _index_sizes(images, past.planned, evidence, notes).items():
            evidence = with_sizes(evidence, sizes, ecosystem)
    packings = _packings(images, past, evidence, lock.packing, options.budget)
    kept = with_decisions(lock.packing, packings, history.day) if history is not None else lock.packing
    groups = group_evidence(kept, observed, lock.evidence) if history is not None else groups_of(kept, lock.evidence)
    evidence = replace(evidence, steps={**evidence.steps, **groups})
    notes += _notes(images, past, decisions, packings, measured, lock.evidence, evidence)
    changed = replace(lock, evidence=evidence, packing=kept)
    stale = changed != lock
    report = EvidenceReport(before=lock.evidence, after=evidence, orders=decisions.orders, packings=packings, notes=notes, changed=stale)
    click.echo(json.dumps(evidence_to_dict(report), indent=2) if options.form == "json" else evidence_as_text(report, text_width()))
    return _end(settings.lock, lock, changed, options.check)


def _packings(images: Sequence[Image], past: _Past, evidence: Evidence, current: Packing, budget: int) -> tuple[PackingDecision, ...]:
    """The decision for each ecosystem of which there are packages that can be packed."""
    if past.history is None or len(past.observed.weights) < MINIMUM:
        return ()
    uses = divisible_uses(images)
    found = (
        decide_packing(past.observed, uses, evidence, current, ecosystem, planned=past.planned, deployed=past.deployed, budget=budget)
        for ecosystem in ECOSYSTEMS
    )
    return tuple(decision for decision in found if decision is not None)


def _index_sizes(images: Sequence[Image], planned: Releases, evidence: Evidence, notes: list[str]) -> Mapping[str, Mapping[str, int]]:
    """What package indexes say of the packages that no lock has the size of, by ecosystem."""
    # Imported here: without the option nothing talks to a network.
    from optimizer.adapters.package_index import AskedArchives, AskedRelease, archive_sizes_of, sizes_of

    wheels, archives = [], []
    for each in unsized(images, planned, evidence):
        if isinstance(each.recipe, NodePackages):
            archives.append(AskedArchives(each.name, versions_of(each.release), each.recipe.registry or NPM))
        else:
            indexes = each.recipe.indexes.urls or (PYPI,)
            wheels.append(AskedRelease(each.name, each.release.version, each.use.runtime, each.use.architecture, indexes))
    found = {
        **({"python": sizes_of(wheels)} if wheels else {}),
        **({"nodejs": archive_sizes_of(archives)} if archives else {}),
    }
    for answer in found.values():
        notes += answer.failures
    return {ecosystem: answer.sizes for ecosystem, answer in found.items()}


def _end(path: Path, lock: Lock, changed: Lock, check: bool) -> int:
    if check:
        # The day and the commit alone make nothing stale: each commit would.
        same = _without_commit(lock) == _without_commit(changed)
        click.echo(f"{path} is {'up to date' if same else 'stale: run optimizer plan --update'}", err=True)
        return 0 if same else STALE
    if changed == lock:
        click.echo(f"{path} is unchanged", err=True)
        return 0
    replace_file(path, changed.render(), "the lock", LockError)
    click.echo(f"wrote {path}", err=True)
    return 0


def _without_commit(lock: Lock) -> Lock:
    evidence = lock.evidence
    return replace(lock, evidence=replace(evidence, date=None, commit="", deployments=0, weight=0.0))


def _images(targets: Sequence[PlanTarget], root: Path) -> list[Image]:
    found: dict[str, Image] = {}
    for target in targets:
        for function in target.functions:
            if function.kept is not None:
                spec = function.spec or (target.subject if target.planned_from is not None else None)
                path = os.path.relpath(spec, root).replace(os.sep, "/") if spec is not None else ""
                found.setdefault(function.row.image, Image(name=function.row.path, kept=function.kept, spec=path))
    return list(found.values())


def _past(images: Sequence[Image], root: Path, old: Evidence, deployed: str | None, notes: list[str]) -> _Past:
    """The history, and what its deployments did; nothing where it says less than the evidence that is there."""
    read = {use: _reader(use) for use in uses_of(images)}
    here = _releases(read, Project(root))
    try:
        history = read_history(root)
        with GitObjects(history.top) as objects:
            files_at = partial(_files_at, objects, history, root)
            deployments = deployments_of(history)
            observed = observe(deployments, history, images, files_at, read)
            there: Releases = {use: past.releases for use, past in observed.locks.items()}
            if deployed is not None:
                there = _releases(read, files_at(_commit(root, deployed)))
    except GitFailure as why:
        if deployed is not None:
            raise ContextError(
                f'"{deployed}" cannot be looked up (git: {why})',
                "--deployed",
                "run it in the clone of the project, or leave --deployed out",
            ) from None
        notes.append(f"no history was read (git: {why}); " + _kept(old))
        return _Past(planned=here)
    notes += history.notes
    if old.commit and not is_before(root, old.commit):
        notes.append(f"the commit of the evidence, {old.commit[:12]}, is not in this history: it was rewritten, or is of another branch")
    if len(deployments) < min(old.deployments, 2 * MINIMUM):
        notes.append(f"this history has {counted(len(deployments), 'deployment')}, and the evidence is of {old.deployments}; " + _kept(old))
        return _Past(planned=here)
    return _Past(history=history, observed=observed, planned=here, deployed=there)


def _commit(root: Path, name: str) -> str:
    found = commit_of(root, name)
    if found is None:
        raise ContextError(f'"{name}" is no commit of this repository', "--deployed", "name a commit, a tag or a branch that was fetched")
    return found


def _releases(read: Mapping[LockUse, ReadReleases], files: ProjectFiles) -> Releases:
    """What each use takes of its lock; of one that is not there or cannot be read, nothing."""
    found = {}
    for use, reader in read.items():
        try:
            found[use] = reader(use.lock, files)
        except (LockFault, OptimizerError):
            continue
    return found


def _kept(old: Evidence) -> str:
    return "the evidence of the lock stays" if old.commit else "the defaults of the kinds stay"


def _files_at(objects: GitObjects, history: History, root: Path, commit: str) -> FilesAt:
    return FilesAt(objects, commit, history.inside_at(commit), root)


def _reader(use: LockUse) -> ReadReleases:
    def read(lock: LockedBy, files: ProjectFiles) -> Mapping[str, Release]:
        return read_releases(lock, files, use.runtime, use.architecture)

    return read


def _notes(
    images: Sequence[Image],
    past: _Past,
    decisions: Decisions,
    packings: Sequence[PackingDecision],
    measured: Mapping[str, object],
    old: Evidence,
    evidence: Evidence,
) -> list[str]:
    notes, observed = [], past.observed
    unread = sum(past.unread for past in observed.locks.values())
    nowhere = [name for name in decisions.unknown if not any(flag is not None for flag in observed.steps.get(name, ()))]
    young = [name for name in decisions.unknown if name not in nowhere]
    if young:
        notes.append(f"fewer than {MINIMUM} deployments are known of {few(young)}: the defaults of the kinds hold")
    if nowhere and past.history is not None and not observed.weights:
        notes.append("no deployment is known: it takes commits of two days; the defaults of the kinds hold")
    elif nowhere and observed.weights:
        notes.append(f"the history says nothing of {few(nowhere)}: new, or declared by a program; the defaults of the kinds hold")
    if unread:
        notes.append(f"{unread} versions of lock files could not be read, and do not count")
    for decision in packings:
        if count := len(decision.unsized):
            what = "package, which is" if count == 1 else "packages, which are"
            size = size_text(ASSUMED_BYTES[decision.ecosystem])
            notes.append(
                f"no lock has the size of {count} {TITLES[decision.ecosystem]} {what} taken to be of {size}; --ask-index asks for it"
            )
    keys = {key for image in images for key in image.kept.keys.values()}
    if foreign := len(measured.keys() - keys):
        notes.append(f"{foreign} of {len(measured)} layers of the reports are of other files or another plan, and do not count")
    lost = sorted(name for name in old.steps.keys() - evidence.steps.keys() - {*decisions.unknown} if not is_group(name))
    if lost:
        notes.append(f"the evidence of {few(lost)} leaves the lock: no image here has such a step")
    return notes
