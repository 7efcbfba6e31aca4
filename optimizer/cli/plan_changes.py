"""``optimizer plan --if-changed``: which layers of which images are made and pushed when files change."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from optimizer.cli.planned_functions import PlannedFunction
from optimizer.config.files import FILE, chain_of, read_directory
from optimizer.config.settings import Settings
from optimizer.errors import ContextError, Fault
from optimizer.locks.requirements import lock_files
from optimizer.model.inputs import Input
from optimizer.planning.explanation import ExplainedStage, fleet_layers
from optimizer.planning.impact import Impact, impact
from optimizer.project.changes import changes_input, project_path
from optimizer.project.files import Project
from optimizer.report.plan.changes import ChangeReport, PathRow

_DECIDES = "it decides what is planned, so that every layer may change: change it, and plan again"
_PLANNED = "planning reads it too: what it says may add, remove or change other layers, which only a new plan tells"


def change_report(
    paths: Sequence[str], functions: Sequence[PlannedFunction], project: Project, settings: Settings, specs: Collection[Path]
) -> ChangeReport:
    """What is made again when everything at the paths changes.

    ``specs`` are the files of the specifications, and ``project`` is the one by
    which they were planned, or another one of the same files.  Raises
    :class:`ContextError` for images whose files are not in the project, and for an empty path.
    """
    if "" in paths:
        raise ContextError("--if-changed: the path is empty; allowed: a file or a directory", hint='name "." for the whole project')
    _check_inputs(functions, project)
    named = {path: project_path(project, path) for path in dict.fromkeys(paths)}
    decisive = _decisive(project, settings, specs)
    together = _impacts(functions, project, list(named.values()))
    made = [_made(function, together.get(number)) for number, function in enumerate(functions)]
    return ChangeReport(
        paths=tuple(
            PathRow(
                path=path,
                readers=_readers(functions, project, inside),
                decided=_decided(functions, project, inside),
                note=_note(inside, decisive, project),
            )
            for path, inside in named.items()
        ),
        names=tuple(function.row.path for function in functions),
        layers=fleet_layers(made),
        stages=tuple(
            (functions[number].row.path, each.stage.name)
            for number, found in together.items()
            for each in functions[number].row.explained
            if not each.is_layer and each.stage.name in found.made
        ),
        staying=len(
            {
                each.key
                for number, function in enumerate(functions)
                for each in function.row.explained
                if each.is_layer and number in together and each.stage.name not in together[number].made
            }
        ),
        unknown=tuple((function.row.path, _reason(function)) for function in functions if function.kept is None),
    )


def _impacts(functions: Sequence[PlannedFunction], project: Project, paths: Sequence[str]) -> Mapping[int, Impact]:
    """What is made again of the image of each function that has a plan, by its number."""
    known: dict[Input, bool] = {}

    def changes(item: Input) -> bool:
        # Functions share inputs, and each is looked at once.
        if item not in known:
            known[item] = any(changes_input(project, item, path) for path in paths)
        return known[item]

    return {number: impact(function.kept.plan, changes) for number, function in enumerate(functions) if function.kept is not None}


def _readers(functions: Sequence[PlannedFunction], project: Project, path: str) -> tuple[tuple[str, str], ...]:
    found = _impacts(functions, project, [path])
    return tuple((functions[number].row.path, stage) for number, each in found.items() for stage in each.read_by)


def _decided(functions: Sequence[PlannedFunction], project: Project, path: str) -> tuple[tuple[str, str], ...]:
    """The stages whose packages are named by a lock that they do not read: each is made of releases alone, one by one."""
    return tuple(
        (function.row.path, stage.name)
        for function in functions
        if function.kept is not None
        for stage in function.kept.plan.stages
        if stage.locked_by is not None
        and stage.locked_by.path not in {item.source for item in stage.inputs()}
        and any(file == path or path == "." or file.startswith(f"{path}/") for file in lock_files(stage.locked_by.path, project))
    )


def _made(function: PlannedFunction, found: Impact | None) -> list[ExplainedStage]:
    """The stages of an image that are made again, by what tells their new trees: two functions of equal files may part here."""
    made = found.made if found is not None else {}
    return [replace(each, key=made[each.stage.name]) for each in function.row.explained if each.stage.name in made]


def _reason(function: PlannedFunction) -> str:
    return function.row.note or "its Dockerfile was written by hand"


def _check_inputs(functions: Sequence[PlannedFunction], project: Project) -> None:
    """Raise ContextError where a plan reads what the project does not have: it is another project, or changed since."""
    plans = [function.kept.plan for function in functions if function.kept is not None]
    sources = {item.source for plan in plans for stage in plan.stages for item in stage.inputs()}
    missing = sorted(source for source in sources if not os.path.lexists(project.root / source))
    if missing:
        hint = "name the root of the project with --root, or synthesize again"
        raise ContextError([Fault(f'the plan reads "{source}", which is not in "{project.root}"', source, hint) for source in missing])


def _decisive(project: Project, settings: Settings, specs: Collection[Path]) -> frozenset[str]:
    """The files that decide what is planned, and that no stage reads."""
    configuration = read_directory(Path())
    configured = [file.path for file in chain_of(configuration)] if configuration is not None else [Path(FILE)]
    return frozenset(project_path(project, str(path)) for path in (*specs, *configured, settings.lock, Path("cdk.json")))


def _note(inside: str, decisive: Collection[str], project: Project) -> str:
    if inside in decisive:
        return _DECIDES
    return _PLANNED if inside in project.asked and project.kind(inside) != "directory" else ""
