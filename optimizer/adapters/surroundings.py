"""What a project is, as far as its files show: apps of CDK, templates of SAM, Dockerfiles, specs, and the code of functions."""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from optimizer.adapters.files import read_bounded
from optimizer.adapters.path_names import LARGEST_TEMPLATE, is_app, is_dockerfile, is_spec
from optimizer.adapters.plan_files import read_plan
from optimizer.adapters.samconfig import load_samconfig, samconfig_path
from optimizer.adapters.walk import walk
from optimizer.adoption.code import Survey, survey
from optimizer.config.settings import cdk_output, load_settings
from optimizer.errors import OptimizerError
from optimizer.locks.files import joined
from optimizer.model.spec import ImageSpec
from optimizer.model.steps import Command, DotnetBuild, Files, GoBuild, JavaBuild, NodeBuild, RustBuild, SourceCode, Step
from optimizer.sam.zip_functions import ZipFunction, zip_functions

_LARGEST = 1 << 20
_TEMPLATES = ("template.yaml", "template.yml", "template.json")
_SAM = b"AWS::Serverless"
_DECLARES = ("ImageSpec", "OptimizedFunction")
_PROGRAMS = (".py", ".ts", ".js")
_RUNTIME = re.compile(r"\bRuntime\.((?:PYTHON|NODEJS|RUBY|JAVA|DOTNET)_[0-9A-Z_]+)\b")
"""Runtimes as CDK's programs name them: https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_lambda.Runtime.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CdkApp:
    """An app: its directory, the output of its last synthesis, None without one, and whether its program is Python.

    ``declares`` tells that its program has specs, of which only a synthesis
    tells what they are for.  ``runtimes`` are those that its program names,
    each with the first file that does.
    """

    directory: str
    output: str | None
    python: bool
    declares: bool
    runtimes: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What stands below a directory; all paths are relative to the project's root, but for the output of an app, which is as it can be opened.

    ``templates`` are those of SAM, with the ``samconfig`` beside each, empty
    for none; ``zipped`` are the functions of each that run code without an
    image.  ``specs`` are the directories and files that the steps of a spec's
    file name, by the file, and ``planned`` those that the images of an app's
    specs are made from, by the app.
    """

    apps: tuple[CdkApp, ...]
    templates: Mapping[str, str]
    zipped: Mapping[str, tuple[ZipFunction, ...]]
    dockerfiles: tuple[str, ...]
    specs: Mapping[str, tuple[str, ...]]
    planned: Mapping[str, tuple[str, ...]]
    code: Survey


def load_surroundings(root: Path, top: str = ".") -> Surroundings:
    """Look at every file below a directory of the project; files that are too large to have been written by hand are passed over."""
    start = os.path.join(root, top)
    paths = [Path(os.path.relpath(path, root)).as_posix() for path in walk(start)]
    apps = tuple(_app(root, posixpath.dirname(path) or ".", paths) for path in paths if posixpath.basename(path) == "cdk.json")
    templates = {path: _samconfig(root, path) for path in paths if posixpath.basename(path) in _TEMPLATES and _is_sam(root, path)}
    # A template below another's directory is nested in it.
    above = [posixpath.dirname(path) for path in templates]
    first = {path: config for path, config in templates.items() if not any(_below(posixpath.dirname(path), other) for other in above)}
    return Surroundings(
        apps=apps,
        templates=first,
        zipped={
            path: tuple(zip_functions(_text(root, path) or "", load_samconfig(os.path.relpath(os.path.join(root, path))).parameters))
            for path in first
        },
        dockerfiles=tuple(path for path in paths if is_dockerfile(posixpath.basename(path)) and ".optimizer" not in path.split("/")),
        specs=dict(_specs(root, paths)),
        planned={app.output: tuple(_planned(root, app)) for app in apps if app.output is not None},
        code=survey(paths, lambda path: _text(root, path), top=top, apps={app.directory for app in apps}),
    )


def _app(root: Path, directory: str, paths: Collection[str]) -> CdkApp:
    path = os.path.relpath(os.path.join(root, directory))
    output = cdk_output(path)
    try:
        program = json.loads(_text(root, posixpath.join(directory, "cdk.json")) or "{}").get("app")
    except (ValueError, RecursionError, AttributeError):
        program = None
    inside = [name for name in paths if name.endswith(_PROGRAMS) and (directory == "." or name.startswith(f"{directory}/"))]
    texts = {name: _text(root, name) or "" for name in inside}
    python = isinstance(program, str) and "python" in program
    runtimes: dict[str, str] = {}
    for name, text in texts.items():
        for word in _RUNTIME.findall(text):
            runtimes.setdefault(_runtime(word), name)
    return CdkApp(
        directory=directory,
        output=output if is_app(output) else None,
        python=python,
        declares=python and any(word in text for name, text in texts.items() if name.endswith(".py") for word in _DECLARES),
        runtimes=runtimes,
    )


def _runtime(word: str) -> str:
    """``python3.13`` of ``PYTHON_3_13``, and ``nodejs22.x`` of ``NODEJS_22_X``."""
    language, _, version = word.lower().partition("_")
    return language + version.replace("_", ".")


def _is_sam(root: Path, path: str) -> bool:
    return _SAM in (read_bounded(os.path.join(root, path), LARGEST_TEMPLATE) or b"")


def _samconfig(root: Path, template: str) -> str:
    path = samconfig_path(os.path.relpath(os.path.join(root, template)))
    return Path(os.path.relpath(path, root)).as_posix() if path is not None else ""


def _specs(root: Path, paths: Collection[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for path in paths:
        if is_spec(posixpath.basename(path)):
            try:
                spec = ImageSpec.load(os.path.join(root, path))
            except OptimizerError:
                # What is wrong with it is said by the commands that use it.
                continue
            yield path, tuple(source for step in spec.steps for source in named_sources(step))


def named_sources(step: Step) -> tuple[str, ...]:
    """The code of the project that a step names: of a build of several programs, only the directory of one."""
    match step:
        case GoBuild():
            return (joined(step.source, step.package),)
        case JavaBuild():
            return (joined(step.source, step.module or "."),)
        case DotnetBuild():
            return (joined(step.source, step.project),)
        case RustBuild():
            # A package of a workspace is named, and its directory is not.
            return () if step.package else (step.source,)
        case Command():
            return step.inputs
        case SourceCode() | Files() | NodeBuild():
            return (step.source,)
    return ()


def _planned(root: Path, app: CdkApp) -> Iterator[str]:
    """What the images of the specs in a synthesized app are made from."""
    for path in sorted(Path(app.output or "").glob("asset.*.plan.json")):
        try:
            home = load_settings(os.path.join(root, app.directory)).root
            plan = read_plan(path).plan
        except OptimizerError:
            # The commands that need it say what is wrong with it.
            continue
        for item in (item for stage in plan.stages for item in stage.inputs()):
            yield Path(os.path.relpath(os.path.join(home, item.source), root)).as_posix()


def _text(root: Path, path: str) -> str | None:
    data = read_bounded(os.path.join(root, path), _LARGEST)
    return data.decode("utf-8", "replace") if data is not None else None


def _below(directory: str, other: str) -> bool:
    return directory != other and (not other or directory.startswith(f"{other}/"))
