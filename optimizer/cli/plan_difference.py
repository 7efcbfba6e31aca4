"""``optimizer plan --diff``: why images of an app are others than before, and what is pushed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from optimizer.adapters.image_contents import ContextContents
from optimizer.adapters.kinds import Kind, kind_of
from optimizer.cli.plan_target import PlanTarget
from optimizer.cli.planned_functions import PlannedFunction, functions_of_app, runtimes_of
from optimizer.errors import ConfigurationError, ContextError
from optimizer.planning.difference.compare import difference
from optimizer.planning.difference.inputs import Side
from optimizer.planning.difference.values import Reason
from optimizer.planning.explanation import fleet_layers
from optimizer.project.files import Project
from optimizer.report.plan.difference import Changed, DifferenceReport

_MOST_FILES = 20


def difference_report(old: str, target: PlanTarget) -> DifferenceReport:
    """What changed from ``old``, a synthesized app or a repository or an image in one, to the target.

    Raises :class:`OptimizerError`.
    """
    if kind_of(old) is Kind.ASSEMBLY:
        if not target.subject.is_dir():
            raise ConfigurationError(
                f'"{target.subject}" is no app, and "{old}" is one; allowed: two apps, or a repository and what is to be pushed',
                "--diff",
                "name the output directories of two cdk synth: optimizer plan --diff main.out cdk.out",
            )
        return compare_apps(functions_of_app(Path(old)), target.functions)
    from optimizer.cli.plan_deployed import compare_deployed

    return compare_deployed(old, target.functions)


def compare_apps(before: Sequence[PlannedFunction], after: Sequence[PlannedFunction]) -> DifferenceReport:
    """What changed from one synthesized app to another, function by function; functions are known by the paths of their constructs."""
    former = {function.row.path: function for function in before}
    pairs = [(former[function.row.path], function) for function in after if function.row.path in former]
    differing = [(old, new) for old, new in pairs if old.row.image != new.row.image]
    # Of an image that is there, the layers are too, whether or not its plan was kept.
    images = {function.row.image for function in before}
    known = [*before, *(function for function in after if function.row.image in images)]
    there = {each.key for function in known for each in function.row.explained}
    notes = [f"{function.row.path}: {function.row.note}" for function in (*before, *after) if function.row.note]
    return DifferenceReport(
        changes=changes_of(differing),
        changed=tuple(new.row.path for _, new in differing),
        same=tuple(new.row.path for old, new in pairs if old.row.image == new.row.image),
        added=tuple(function.row.path for function in after if function.row.path not in former),
        removed=tuple(sorted(former.keys() - {function.row.path for function in after})),
        names=tuple(function.row.path for function in after),
        pushed=tuple(layer for layer in fleet_layers([function.row.explained for function in after]) if layer.key not in there),
        notes=tuple(dict.fromkeys(notes)),
        runtimes=runtimes_of(after),
    )


def changes_of(pairs: Iterable[tuple[PlannedFunction, PlannedFunction]]) -> tuple[Changed, ...]:
    """The reasons of all pairs, equal ones together; functions share images, and each pair of images is compared once."""
    known: dict[tuple[str, str], list[Changed]] = {}
    users: dict[Changed, list[str]] = {}
    for old, new in pairs:
        images = (old.row.image, new.row.image)
        if images not in known:
            known[images] = list(_changes(old, new))
        for change in known[images]:
            users.setdefault(change, []).append(new.row.path)
    found = [
        Changed(name=change.name, functions=tuple(paths), reasons=change.reasons, is_layer=change.is_layer, key=change.key)
        for change, paths in users.items()
    ]
    return tuple(sorted(found, key=lambda change: -len(change.functions)))


def _changes(old: PlannedFunction, new: PlannedFunction) -> Iterable[Changed]:
    if old.kept is None or new.kept is None or old.directory is None or new.directory is None:
        yield Changed(name="", functions=(), reasons=tuple(_without_plan(old, new)))
        return
    found = difference(
        Side(kept=old.kept, contents=ContextContents(old.directory, old.kept.plan)),
        Side(kept=new.kept, contents=ContextContents(new.directory, new.kept.plan)),
    )
    if found.reasons:
        yield Changed(name="", functions=(), reasons=found.reasons)
    for stage in found.stages:
        yield Changed(name=stage.name, functions=(), reasons=stage.reasons, is_layer=stage.is_layer, key=f"{stage.old_key} {stage.new_key}")
    if not found.reasons and not found.stages:
        yield Changed(name="", functions=(), reasons=(Reason("nothing that is kept beside the image tells why"),))


def _without_plan(old: PlannedFunction, new: PlannedFunction) -> Iterable[Reason]:
    """The files that differ in the build context of a Dockerfile that people wrote: which layers they change, a build tells."""
    if (old.kept is None) != (new.kept is None):
        yield Reason(
            "it is optimized now, and was not, or its plan is lost"
            if new.kept is not None
            else "it was optimized, and is not now, or its plan is lost"
        )
        return
    before, after = _files(old.directory), _files(new.directory)
    if before is None or after is None:
        yield Reason("it has no plan, and no build context to compare")
        return
    differing = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    for path in differing[:_MOST_FILES]:
        yield Reason(f"{path} {'is gone' if path not in after else 'is new' if path not in before else 'changed'} in its build context")
    if len(differing) > _MOST_FILES:
        yield Reason(f"and {len(differing) - _MOST_FILES} more files")
    if not differing:
        yield Reason("its build context is the same: an option of the build changed, such as an argument, the target or the platform")
    yield Reason("it has no plan, so that only a build tells which layers these change")


def _files(directory: Path | None) -> Mapping[str, str] | None:
    if directory is None:
        return None
    try:
        return {path: f"{mode} {content}" for path, mode, content in Project(directory).entries(".")}
    except (OSError, ContextError):
        return None
