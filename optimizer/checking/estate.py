"""Reads many repositories, each under its own conventions, lock and baseline."""

from __future__ import annotations

import datetime
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from optimizer.adapters.dockerfiles import load_dockerfile
from optimizer.adapters.files import read_bounded
from optimizer.adapters.path_names import is_app
from optimizer.adapters.progress import told
from optimizer.adapters.walk import walk
from optimizer.bases.catalogue import base_image
from optimizer.bases.recognise import LambdaBase
from optimizer.checking.collect import BuiltImages, NothingToCheck
from optimizer.checking.copies import copied_files, without_copies
from optimizer.checking.run import Run
from optimizer.errors import ContextError, OptimizerError
from optimizer.estate.estate import Estate, EstateFunction, EstateRepository, Exemption, Kind, severity_counts
from optimizer.estate.owners import PLACES, CodeOwners
from optimizer.linting.budgets import Budget, budget_of, judged_sizes, planned_sizes
from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.base_image import lambda_base_of
from optimizer.linting.facts.lambda_signs import runs_on_lambda
from optimizer.linting.finding import Location, Severity
from optimizer.linting.report import LintReport, unfolded
from optimizer.linting.subjects import AppSubject, DockerfileSubject, FunctionSubject
from optimizer.linting.suppressions import Suppression
from optimizer.model.plan import BuildPlan, Stage
from optimizer.model.progress import Moved, Report, Task

_FOR_A_PROCESS = 8
"""Fewer repositories are read sooner than another process starts."""

_LARGEST_OWNERS = 3_000_000
"""Bytes; GitHub reads no larger CODEOWNERS."""


def read_estate(
    paths: Sequence[str],
    *,
    today: datetime.date | None = None,
    owner_tag: str | None = None,
    processes: int = 1,
    report: Report = lambda event: None,
) -> Estate:
    """The estate of the repositories at the paths; one that cannot be read is told in it, and hides no other.

    ``owner_tag`` is the tag of functions, or the label of images, that names
    their owner; it wins over ``CODEOWNERS``.  ``report`` is told how many are read.  Raises :class:`ContextError` for paths that are no
    directories, all of them at once, and for two repositories of one name.
    """
    day = today or datetime.date.today()
    names = _names(paths)
    workers = min(processes, len(names) // _FOR_A_PROCESS)
    work = [(path, name, day, owner_tag) for path, name in names.items()]
    found: list[EstateRepository] = []
    task = Task(action="checking", subject=f"{len(work)} repositories", count=len(work))
    with told(task, report), ExitStack() as pools:
        results: Iterator[EstateRepository] = (_repository(*item) for item in work)
        if workers >= 2:
            pool = pools.enter_context(ProcessPoolExecutor(workers))
            results = pool.map(_repository, *zip(*work, strict=True), chunksize=-(-len(work) // (4 * workers)))
        for each in results:
            found.append(each)
            report(Moved(task, len(found)))
    return Estate(day=day, repositories=tuple(sorted(found, key=lambda repository: repository.name)))


def _names(paths: Sequence[str]) -> dict[str, str]:
    """The name of the repository at each path: that of its directory."""
    faults = [
        f'"{path}" is no directory' if os.path.exists(path) else f'"{path}" does not exist' for path in paths if not os.path.isdir(path)
    ]
    if faults:
        raise ContextError("; ".join(faults), "", "name the directories of repositories, for example: optimizer report repositories/*")
    names = {os.path.normpath(path): os.path.basename(os.path.abspath(path)) for path in paths}
    twice = sorted(name for name, count in Counter(names.values()).items() if count > 1)
    if twice:
        raise ContextError(
            f"two directories are named {', '.join(twice)}, and reports tell repositories by that", "", "check one of them out elsewhere"
        )
    return names


def _repository(path: str, name: str, day: datetime.date, owner_tag: str | None) -> EstateRepository:
    try:
        return _Repository(path, name, day, owner_tag).read()
    except OptimizerError as error:
        return EstateRepository(name=name, faults=tuple(str(fault) for fault in error.faults))


@dataclass(slots=True)
class _Counts:
    severities: list[Severity] = field(default_factory=list)
    known: int = 0
    exempted: int = 0


class _Repository:
    def __init__(self, path: str, name: str, day: datetime.date, owner_tag: str | None) -> None:
        self._path = path
        self._name = name
        self._owner_tag = owner_tag
        self._notes: list[str] = []
        self._run = Run([path, *_apps(path, self._notes)], BuiltImages(), root=path, today=day)
        self._owners = _code_owners(path, self._notes)
        self._counts: dict[tuple[str, str], _Counts] = {}
        self._copies: Mapping[str, str] = {}

    def read(self) -> EstateRepository:
        try:
            groups = self._run.groups
        except NothingToCheck:
            return EstateRepository(name=self._name, notes=tuple(self._notes))
        self._copies = copied_files(groups)
        report = without_copies(unfolded(self._run.compare(self._run.check())), self._copies)
        self._count(report)
        originals = set(self._copies.values())
        functions: dict[tuple[str, str, str], EstateFunction] = {}
        for group in groups:
            for source in group.sources:
                for subject in source.subjects:
                    for declared in subject.functions if isinstance(subject, AppSubject) else ():
                        function = self._function(declared, group.conventions)
                        functions.setdefault(function.key, function)
            for path in group.files:
                if _normal(path) in originals:
                    continue
                dockerfile = load_dockerfile(path, mirror=group.conventions.mirror)
                if runs_on_lambda(dockerfile, group.conventions):
                    function = self._of_dockerfile(dockerfile, group.conventions)
                    functions.setdefault(function.key, function)
        return EstateRepository(
            name=self._name,
            functions=tuple(sorted(functions.values(), key=lambda function: function.key)),
            findings=severity_counts([finding.severity for finding in report.findings]),
            rules=dict(sorted(Counter(finding.rule for finding in report.findings).items())),
            known=len(report.known),
            failing=len(report.failing),
            inconclusive=len(report.inconclusive),
            exemptions=tuple(self._exemptions(report)),
            notes=tuple(self._notes),
        )

    def _count(self, report: LintReport) -> None:
        for finding in report.findings:
            self._counted(finding.location).severities.append(finding.severity)
        for finding in report.known:
            self._counted(finding.location).known += 1
        for finding, _ in report.suppressed:
            self._counted(finding.location).exempted += 1

    def _counted(self, location: Location) -> _Counts:
        return self._counts.setdefault((_normal(location.path), location.construct), _Counts())

    def _counts_of(self, construct: str, *paths: str) -> list[_Counts]:
        """What was counted for a construct in some files, and for the files themselves."""
        keys = [(_normal(path), name) for path in paths for name in dict.fromkeys((construct, ""))]
        return [self._counts[key] for key in dict.fromkeys(keys) if key in self._counts]

    def _function(self, declared: FunctionSubject, conventions: Conventions) -> EstateFunction:
        """A function that a template or an app declares."""
        file = declared.dockerfile
        key = (_normal(declared.location.path), declared.construct)
        counts = [self._counts[key]] if key in self._counts else []
        if file is not None and not file.planned:
            # What is found in a file that people wrote is told where it stands.
            original = self._copies.get(_normal(file.path))
            counts += self._counts_of(declared.construct, file.path, *([original] if original else []))
        owner = _tag(declared.declared.properties.get("Tags"), self._owner_tag)
        return self._described(
            name=declared.construct,
            path=self._relative(declared.location.path),
            file=file,
            architecture=declared.declared.architecture,
            counts=counts,
            owner=owner,
            conventions=conventions,
        )

    def _of_dockerfile(self, file: DockerfileSubject, conventions: Conventions) -> EstateFunction:
        """The image of a Dockerfile that no template declares a function of."""
        path = self._relative(file.path)
        counts = self._counts_of("", file.path)
        return self._described(
            name=path, path=path, file=file, architecture=file.architecture, counts=counts, owner="", conventions=conventions
        )

    def _described(
        self,
        *,
        name: str,
        path: str,
        file: DockerfileSubject | None,
        architecture: str | None,
        counts: Sequence[_Counts],
        owner: str,
        conventions: Conventions,
    ) -> EstateFunction:
        plan = file.plan if file is not None else None
        kind: Kind = "image" if file is None else "specification" if file.planned else "dockerfile"
        runtime, base, digest, ends = _base(file, conventions)
        size, whole = _size(plan, file.archives) if plan is not None and file is not None else (None, False)
        budget = budget_of(conventions.budgets, name)
        over = _over(budget, plan, file.archives) if plan is not None and file is not None else ()
        owner = owner or (dict(plan.labels).get(self._owner_tag or "", "") if plan else "")
        return EstateFunction(
            repository=self._name,
            name=name,
            path=path,
            kind=kind,
            owners=(owner,) if owner else self._owners.of_all(self._own_paths(path, file)),
            runtime=runtime,
            runtime_ends=ends,
            architecture=architecture,
            base=base,
            base_digest=digest,
            base_pinned=next(
                (image.resolved for image in self._run.lock.images if digest and digest in (image.digest, *image.platforms.values())), None
            ),
            size_bytes=size,
            size_is_whole=whole,
            budget=budget,
            over_budget=over,
            findings=severity_counts([severity for item in counts for severity in item.severities]),
            known=sum(item.known for item in counts),
            exempted=sum(item.exempted for item in counts),
        )

    def _own_paths(self, path: str, file: DockerfileSubject | None) -> Sequence[str]:
        """The files of people that a function is made of, by their paths in the repository."""
        if file is None:
            return [path]
        if file.plan is None:
            return [self._relative(self._copies.get(_normal(file.path), file.path))] if not file.planned else [path]
        plan = file.plan
        # The code is what a team owns; packages and models may well be shared.
        own = [item.source for name in reversed(plan.layers) for item in plan.stage(name).inputs()]
        return own[:1] or [path]

    def _exemptions(self, report: LintReport) -> Iterator[Exemption]:
        counts: Counter[Suppression] = Counter(suppression for _, suppression in report.suppressed)
        for suppression, count in counts.items():
            location = suppression.location
            span = f":{location.span.start.line}" if location.span else ""
            yield Exemption(
                repository=self._name,
                rules=tuple(sorted(suppression.rules)),
                place=f"{self._relative(location.path)}{span}" if location.path else location.construct,
                reason=suppression.reason,
                until=suppression.until,
                findings=count,
            )

    def _relative(self, path: str) -> str:
        return Path(os.path.relpath(path, self._path)).as_posix() if path else ""


def _normal(path: str) -> str:
    return os.path.normpath(path) if path else ""


def _apps(path: str, notes: list[str]) -> list[str]:
    """The synthesized apps of a repository: where its ``cdk.json`` says, else in ``cdk.out``; what is not there is noted."""
    found = []
    for file in walk(path, lambda name: name == "cdk.json"):
        data = read_bounded(file, _LARGEST_OWNERS)
        try:
            settings = json.loads(data or b"{}")
        except ValueError:
            # CDK itself will say so; the directory may be there all the same.
            settings = {}
        output = settings.get("output") if isinstance(settings, Mapping) else None
        app = os.path.normpath(os.path.join(os.path.dirname(file), output if isinstance(output, str) else "cdk.out"))
        named = Path(os.path.relpath(file, path)).as_posix()
        if not os.path.realpath(app).startswith(os.path.join(os.path.realpath(path), "")):
            notes.append(f"{named}: its output lies outside of the repository, and is not read")
        elif is_app(app):
            found.append(app)
        else:
            notes.append(f"{named}: the app is not synthesized, so its functions are missing; run cdk synth first")
    return found


def _code_owners(path: str, notes: list[str]) -> CodeOwners:
    for place in PLACES:
        data = read_bounded(os.path.join(path, place), _LARGEST_OWNERS)
        if data is not None:
            found = CodeOwners.parse(data.decode("utf-8", errors="replace"))
            notes += [f"{place}:{number}: neither GitHub nor GitLab obeys this line, so nobody owns by it" for number in found.unread]
            return found
    return CodeOwners()


def _tag(tags: Any, key: str | None) -> str:
    """The value of a tag of a function, as CloudFormation or SAM writes tags; empty where it has none, or only a deployment knows it."""
    if key is None:
        return ""
    if isinstance(tags, Mapping):
        value = tags.get(key)
    else:
        rows = [row for row in tags if isinstance(row, Mapping)] if isinstance(tags, Sequence) and not isinstance(tags, str) else []
        value = next((row.get("Value") for row in rows if row.get("Key") == key), None)
    return value if isinstance(value, str) else ""


def _base(file: DockerfileSubject | None, conventions: Conventions) -> tuple[str, str, str, datetime.date | None]:
    """Runtime, name and digest of the base of an image, and the day on which AWS stops to maintain the runtime; empty where unknown."""
    if file is None:
        return "", "", "", None
    if file.plan is not None:
        base = file.plan.base
        return file.plan.runtime, base.tagged, base.digest or "", base_image(file.plan.runtime).deprecated_on
    found = lambda_base_of(file, conventions)
    if isinstance(found, LambdaBase):
        known = found.base or found.retired
        runtime = known.runtime if known else ""
        return runtime, found.reference.tagged, found.reference.digest or "", known.deprecated_on if known else None
    lowest = file.final_stages[0].image if file.final_stages else None
    name, _, digest = (lowest or "").partition("@")
    return "", name, digest, None


def _size(plan: BuildPlan, archives: Mapping[str, int]) -> tuple[int | None, bool]:
    """What is known of the bytes of an image's own layers, and whether that is all of them; None where nothing is known."""
    stages = [plan.stage(name) for name in plan.above_base]
    sizes = [size for stage in stages if (size := _stage_size(stage, archives)) is not None]
    # Byte-code comes on top of what is packed.
    whole = len(sizes) == len(stages) and all(stage.archive_alone or stage.packed() is None for stage in stages)
    return (sum(sizes) if sizes or not stages else None), whole


def _over(budget: Budget, plan: BuildPlan, archives: Mapping[str, int]) -> tuple[str, ...]:
    stored, unpacked = planned_sizes(plan, archives)
    return tuple(excess.message for excess in judged_sizes(budget, stored=stored, unpacked=unpacked).exceeded)


def _stage_size(stage: Stage, archives: Mapping[str, int]) -> int | None:
    figures = stage.figures
    if figures is not None and figures.size_bytes is not None:
        return figures.size_bytes
    return archives.get(stage.name, stage.download_bytes)
