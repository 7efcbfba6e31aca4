"""What a path that the user names is, and which commands take it."""

from __future__ import annotations

import enum
import json
import os
import shlex
from collections.abc import Collection, Iterable, Mapping

from optimizer.adapters.files import read_bounded
from optimizer.adapters.path_names import LARGEST_TEMPLATE, is_dockerfile, is_image, is_spec, is_template
from optimizer.config.files import FILE, PYPROJECT
from optimizer.errors import ConfigurationError, ContextError, Fault


class Kind(enum.Enum):
    """What a path is, as messages say it; the value of those that a command may take is a noun with its article."""

    SPEC = "an image specification"
    ASSEMBLY = "the output of cdk synth"
    TEMPLATE = "a SAM or CloudFormation template"
    DOCKERFILE = "a Dockerfile"
    IMAGE = "a built image"
    PLAN = "a plan that was kept as JSON"
    UNSYNTHESIZED = "a CDK app that is not synthesized"
    PROGRAM = "a program"
    LOCK = "the lock"
    CONFIGURATION = "a configuration file"
    DIRECTORY = "a directory"
    MISSING = "nothing that exists"
    UNKNOWN = "a file of an unknown kind"


COMMANDS: Mapping[str, tuple[Kind, ...]] = {
    "bake": (Kind.ASSEMBLY,),
    "build": (Kind.SPEC, Kind.ASSEMBLY),
    "init --from": (Kind.DOCKERFILE, Kind.TEMPLATE, Kind.ASSEMBLY),
    "inspect": (Kind.IMAGE,),
    "invoke": (Kind.ASSEMBLY, Kind.TEMPLATE, Kind.SPEC),
    "lint": (Kind.DOCKERFILE, Kind.TEMPLATE, Kind.SPEC, Kind.ASSEMBLY, Kind.IMAGE, Kind.DIRECTORY),
    "pin": (Kind.SPEC, Kind.TEMPLATE, Kind.ASSEMBLY),
    "plan": (Kind.SPEC, Kind.TEMPLATE, Kind.ASSEMBLY),
    "publish": (Kind.ASSEMBLY, Kind.SPEC, Kind.TEMPLATE),
    "render": (Kind.SPEC,),
    "sam": (Kind.TEMPLATE,),
    "runtimes": (Kind.ASSEMBLY,),
    "verify": (Kind.SPEC, Kind.ASSEMBLY),
}
"""What each command takes, the best known first."""

_EXAMPLES = {
    Kind.SPEC: "an image specification (*.image.toml)",
    Kind.ASSEMBLY: "the output directory of cdk synth, such as cdk.out",
    Kind.IMAGE: "a built image (an archive, an OCI layout, or a name)",
    Kind.DIRECTORY: "a directory that holds some",
}
_PROGRAMS = (".py", ".ts", ".js", ".mjs", ".cjs", ".java", ".go", ".cs", ".rb", ".rs")
_OUTPUT = "cdk.out"


def kind_of(path: str) -> Kind:
    """What lies at the path; only what its name does not tell is read."""
    name = os.path.basename(os.path.normpath(path))
    if os.path.isdir(path):
        return _kind_of_directory(path, name)
    if is_spec(name):
        return Kind.SPEC
    if not os.path.lexists(path):
        return Kind.UNSYNTHESIZED if _is_output(path, name) else Kind.MISSING
    if name in (FILE, PYPROJECT):
        return Kind.CONFIGURATION
    if name == "optimizer.lock":
        return Kind.LOCK
    if name.endswith(_PROGRAMS):
        return Kind.PROGRAM
    if is_dockerfile(name):
        return Kind.DOCKERFILE
    if is_template(name):
        return _kind_of_data(path)
    return Kind.IMAGE if is_image(path) else Kind.UNKNOWN


def expect(command: str, paths: Iterable[str], *, besides: Collection[Kind] = ()) -> None:
    """Raise :class:`ContextError` for paths that the command does not take, with the commands that do.

    A file of an unknown kind passes, for the command to read, and so do the kinds ``besides``.
    """
    faults = [fault for path in paths if (fault := _refused(command, path, besides)) is not None]
    if faults:
        raise ContextError(faults)


def _refused(command: str, path: str, besides: Collection[Kind]) -> Fault | None:
    kind = kind_of(path)
    taken = (*COMMANDS[command], *besides, Kind.UNKNOWN)
    if kind in taken or (kind is Kind.UNSYNTHESIZED and Kind.DIRECTORY in taken and os.path.isdir(path)):
        return None
    *others, last = (_EXAMPLES.get(item, item.value) for item in COMMANDS[command])
    allowed = f"{', '.join(others)} or {last}" if others else last
    what = "does not exist" if kind is Kind.MISSING else f"is {kind.value}"
    return Fault(f'"{path}" {what}; optimizer {command} takes {allowed}', path, _hint(command, path, kind))


def _hint(command: str, path: str, kind: Kind) -> str:
    if kind is Kind.MISSING:
        return "check the path"
    if kind is Kind.PROGRAM and command == "init --from":
        directory = shlex.quote(os.path.dirname(path) or ".")
        return (
            f"name the Dockerfile; for code that has none: optimizer init {directory} --runtime RUNTIME, with a runtime such as python3.13"
        )
    if kind in (Kind.UNSYNTHESIZED, Kind.PROGRAM):
        output = _output_beside(path, kind)
        return f"run cdk synth, and name its output: {_calls(output, Kind.ASSEMBLY, first=command)}"
    if kind is Kind.PLAN:
        return "plan the specification, or the app, that it was made of; a program reads it with optimizer.load_plan"
    if kind is Kind.LOCK:
        return "name what it pins: commands find the lock themselves"
    if kind is Kind.CONFIGURATION:
        return "name what it configures: commands find the file themselves"
    if kind is Kind.DIRECTORY:
        return "name one that is in the directory"
    return f"commands that take it: {_calls(path, kind, first=command)}"


def _calls(path: str, kind: Kind, *, first: str) -> str:
    """The calls that take the path, with the command that was called in front."""
    names = sorted((name for name, kinds in COMMANDS.items() if kind in kinds), key=lambda name: name != first)
    return ", ".join(f"optimizer {name} {shlex.quote(path)}" for name in (names[:1] if first in names else names))


def _kind_of_directory(path: str, name: str) -> Kind:
    # One that is not whole is told by what reads it.
    if os.path.isfile(os.path.join(path, "manifest.json")):
        return Kind.ASSEMBLY
    if is_image(path):
        return Kind.IMAGE
    if os.path.isfile(os.path.join(path, "cdk.json")) or _is_output(path, name):
        return Kind.UNSYNTHESIZED
    return Kind.DIRECTORY


def _kind_of_data(path: str) -> Kind:
    """Of a file in YAML or JSON: a plan, a template, or something else."""
    data = read_bounded(path, LARGEST_TEMPLATE) or b""
    if path.lower().endswith(".json"):
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):
            return Kind.UNKNOWN
        keys = set(document) if isinstance(document, dict) else set()
        if {"version", "stages", "dockerfile"} <= keys:
            return Kind.PLAN
        return Kind.TEMPLATE if "Resources" in keys else Kind.UNKNOWN
    return Kind.TEMPLATE if b"Resources" in data else Kind.UNKNOWN


def _is_output(path: str, name: str) -> bool:
    """Whether ``cdk synth`` would write there."""
    try:
        return name == _OUTPUT or os.path.normpath(path) == _cdk_output(os.path.dirname(path) or ".")
    except ConfigurationError:
        return False


def _output_beside(path: str, kind: Kind) -> str:
    """Where the output of the app is after ``cdk synth``."""
    name = os.path.basename(os.path.normpath(path))
    if kind is Kind.UNSYNTHESIZED and _is_output(path, name):
        return path
    directory = path if os.path.isdir(path) else os.path.dirname(path) or "."
    # The program of an app may be below its directory, as bin/app.ts is.
    if kind is Kind.PROGRAM and not os.path.isfile(os.path.join(directory, "cdk.json")):
        directory = "."
    try:
        return _cdk_output(directory)
    except ConfigurationError:
        return os.path.normpath(os.path.join(directory, _OUTPUT))


def _cdk_output(directory: str) -> str:
    # Imported here: of the commands that start fast, none gets as far.
    from optimizer.config.settings import cdk_output

    return cdk_output(directory)
