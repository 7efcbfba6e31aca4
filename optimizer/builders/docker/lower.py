"""From recipes to the instructions of a Dockerfile."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import replace
from typing import Any

from optimizer.builders.docker.actions import Action, CopyInputs, CopyTree, Run, StageBody
from optimizer.builders.docker.commands import commands
from optimizer.builders.docker.content import image_tree, packed_files
from optimizer.builders.docker.dotnet import dotnet_program
from optimizer.builders.docker.go import go_program
from optimizer.builders.docker.java import java_classes, java_libraries
from optimizer.builders.docker.nodejs import node_packages, node_part
from optimizer.builders.docker.nodejs_build import node_bundles, node_development_packages, node_script_output
from optimizer.builders.docker.python import pinned_packages, python_packages, python_source
from optimizer.builders.docker.ruby import ruby_gems
from optimizer.builders.docker.rust import rust_program
from optimizer.builders.docker.system import system_packages
from optimizer.model.ignore import IgnorePatterns
from optimizer.model.inputs import Input
from optimizer.model.plan import TREE, BuildPlan, Stage
from optimizer.model.recipes.commands import Commands, SystemPackageInstallation
from optimizer.model.recipes.content import ImageTree, PackedFiles
from optimizer.model.recipes.nodejs import NodeBundles, NodeDevelopmentPackages, NodePackages, NodePart, NodeScriptOutput
from optimizer.model.recipes.programs import DotnetProgram, GoProgram, JavaClasses, JavaLibraries, RustProgram
from optimizer.model.recipes.python import PinnedPackages, PythonPackages, PythonSource
from optimizer.model.recipes.recipe import Recipe
from optimizer.model.recipes.ruby import RubyGems

_BODIES: Mapping[type[Recipe], Callable[[Any, Stage], StageBody]] = {
    PackedFiles: packed_files,
    ImageTree: image_tree,
    SystemPackageInstallation: system_packages,
    Commands: commands,
    NodePackages: node_packages,
    NodePart: node_part,
    NodeDevelopmentPackages: node_development_packages,
    NodeBundles: node_bundles,
    NodeScriptOutput: node_script_output,
    RubyGems: ruby_gems,
    PythonPackages: python_packages,
    PinnedPackages: pinned_packages,
    PythonSource: python_source,
    JavaLibraries: java_libraries,
    JavaClasses: java_classes,
    GoProgram: go_program,
    RustProgram: rust_program,
    DotnetProgram: dotnet_program,
}


def stage_bodies(plan: BuildPlan) -> Mapping[str, StageBody]:
    """The instructions of each stage that runs, by its name, in the order of the plan."""
    inputs = {item for stage in plan.stages for item in stage.plain_inputs()}
    return {stage.name: _without_excluded(stage_body(stage), inputs) for stage in plan.stages if not stage.archive_alone}


def stage_body(stage: Stage) -> StageBody:
    """The instructions of a stage that runs, with all of its inputs."""
    body = _BODIES[type(stage.recipe)](stage.recipe, stage)
    trees = tuple(CopyTree(origin=name, source=f"{TREE}/", target="/") for name in stage.trees if name != stage.taken_from)
    return replace(body, actions=(*trees, *body.actions))


def _without_excluded(body: StageBody, inputs: Set[Input]) -> StageBody:
    """The stage, without the files that it excludes but that another step brings into the build context.

    A build has one context, so a lock file that the code's step leaves out is
    still copied with the code's directory when the dependencies need it.
    """
    actions: list[Action] = []
    unwanted: list[str] = []
    for action in body.actions:
        if isinstance(action, CopyInputs):
            unwanted += [path for item in action.inputs for path in _excluded(item, inputs)]
        elif isinstance(action, Run) and unwanted:
            action = replace(action, commands=(("rm", "-rf", *sorted(unwanted)), *action.commands))
            unwanted = []
        actions.append(action)
    return replace(body, actions=tuple(actions))


def _excluded(directory: Input, inputs: Set[Input]) -> Iterable[str]:
    """Where in the stage the other inputs end that the directory's patterns leave out."""
    if not directory.directory or not directory.exclude:
        return
    patterns = IgnorePatterns.parse(directory.exclude)
    prefix = "" if directory.source == "." else f"{directory.source}/"
    for path in {other.source for other in inputs}:
        if path != directory.source and path.startswith(prefix) and patterns.ignores(path.removeprefix(prefix)):
            yield posixpath.join(directory.target, path.removeprefix(prefix))
