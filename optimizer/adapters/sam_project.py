"""The image functions of a SAM template with the specifications that they name, and the files that are generated for them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from optimizer.adapters.files import hidden_beside, read_bounded, replace_file
from optimizer.adapters.path_names import LARGEST_TEMPLATE, SPEC_SUFFIX
from optimizer.adapters.plan_files import plan_path, read_plan, write_plan
from optimizer.adapters.samconfig import SAMCONFIGS, load_samconfig, samconfig_path
from optimizer.adapters.templates import load_template
from optimizer.bases.mirror import Mirror
from optimizer.builders.docker.context import DOCKERFILE, BuildContext, stage_context
from optimizer.dockerfile.parse import decode
from optimizer.dockerfile.rendered import HEADER
from optimizer.errors import ContextError, Fault, OptimizerError
from optimizer.linting.facts.base_image import last
from optimizer.linting.subjects import AppSubject, FunctionSubject
from optimizer.model.build import BuildOptions
from optimizer.model.function import DeclaredFunction
from optimizer.planning.document import KeptPlan
from optimizer.project.files import Project
from optimizer.sam.config import ParameterOverrides
from optimizer.sam.document import Document, parse_document
from optimizer.sam.template import SPEC_KEY
from optimizer.sam.zip_functions import zip_functions

_IGNORE = ".gitignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class SamFunction:
    """An image function of a template.

    ``template`` is the file that declares it, which may be nested, and
    ``logical_id`` its name there; ``written`` is the specification as the
    template names it, relative to that file, and empty where it names none.
    ``handler`` is what the image starts by itself until now.  ``why`` says why
    nothing can be generated for it, empty where it can.  ``build`` is the
    build that the template declares without a specification: the context and
    the options, None where it declares none, or something of it is hidden.
    """

    construct: str
    logical_id: str
    template: str
    declared: DeclaredFunction
    written: str
    metadata: Mapping[str, Any] = field(hash=False)
    handler: str = ""
    dockerfile: str = ""
    why: str = ""
    build: tuple[str, BuildOptions] | None = None

    @property
    def spec(self) -> Path | None:
        """The file of its specification."""
        return Path(os.path.normpath(os.path.join(os.path.dirname(self.template), self.written))) if self.written else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SamProject:
    """A template with those that it nests.

    ``configuration`` is the path of its ``samconfig``, which need not exist;
    ``base`` is where paths of build contexts start, None for the directory of
    each template.  ``zipped`` are the directories of code of functions that run
    no image, by their names.
    """

    template: str
    functions: tuple[SamFunction, ...]
    configuration: str
    base: str | None = None
    zipped: Mapping[str, str] = field(default_factory=dict)

    @property
    def specs(self) -> tuple[Path, ...]:
        """The specifications of the functions for which something can be generated, each once."""
        return tuple(dict.fromkeys(function.spec for function in self.functions if function.spec is not None and not function.why))

    def missing(self, spec: Path) -> Iterator[Fault]:
        """That a specification is not there, at each function that names it: a template may have many."""
        for function in self.functions:
            if function.spec == spec and not function.why:
                place = f"{function.template}: {function.construct}"
                yield Fault(f'its spec "{spec}" does not exist', place, f"mend {SPEC_KEY} in its Metadata, or put the file there")


def load_sam_project(template: str, environment: str, mirror: Mirror, named: Mapping[str, str]) -> SamProject:
    """The image functions of a template, sorted by name.

    ``named`` are specifications by the names of functions, in place of those
    that the template names; their paths start here, not at the template.
    Raises :class:`ContextError` for a template that cannot be read, and for
    names that no function has.
    """
    source = load_template(template, mirror=mirror, environment=environment)
    subjects = [item for item in source.subjects if isinstance(item, FunctionSubject)]
    documents: dict[str, Mapping[str, Any]] = {}
    places = [(item, _place(item)) for item in sorted(subjects, key=lambda item: item.construct)]
    given = {place: named[item.construct] for item, place in places if item.construct in named}
    functions = _alike(_function(item, documents, given.get(place)) for item, place in places)
    # Templates may be nested more than once.
    faults = [
        Fault(
            f'"{item.construct}" is another function of the same text, for which "{given[place]}" is named',
            f"--spec {item.construct}={named[item.construct]}",
            f'both are "{place[1]}" of "{place[0]}": name one specification for it',
        )
        for item, place in places
        if item.construct in named and named[item.construct] != given[place]
    ]
    if faults:
        raise ContextError(faults)
    problems = [
        Fault(problem.message, f"{item.location.path}:{problem.span.start.line}", problem.hint)
        for item in source.subjects
        if isinstance(item, AppSubject)
        for problem in item.problems
    ]
    if problems:
        raise ContextError(problems)
    unknown = sorted(set(named) - {function.construct for function in functions})
    if unknown:
        raise ContextError(
            [
                Fault(
                    f'no image function is named "{name}"; allowed: {", ".join(function.construct for function in functions) or "none"}',
                    "--spec",
                    "name one of those",
                )
                for name in unknown
            ]
        )
    if not functions:
        raise ContextError(f'"{template}" has no image function', template, 'image functions have PackageType: "Image"')
    samconfig = load_samconfig(template, environment)
    return SamProject(
        template=template,
        functions=tuple(functions),
        configuration=samconfig_path(template) or os.path.join(os.path.dirname(template), SAMCONFIGS[0]),
        base=samconfig.base,
        zipped=dict(_zipped(template, source.nested, samconfig.parameters)),
    )


def _zipped(template: str, nested: Sequence[str], given: ParameterOverrides) -> Iterator[tuple[str, str]]:
    """The functions that run a directory of code; those of nested templates with the parameters' defaults."""
    for path in dict.fromkeys((template, *nested)):
        text = decode(read_bounded(path, LARGEST_TEMPLATE) or b"")
        for function in zip_functions(text, given) if path == template else zip_functions(text):
            name = function.logical_id if path == template else f"{function.logical_id} of {path}"
            yield name, os.path.normpath(os.path.join(os.path.dirname(path), function.code))


def _alike(functions: Iterable[SamFunction]) -> list[SamFunction]:
    """The functions with one way of a template to write the path of a specification: SAM compares Metadata as text."""
    spellings: dict[tuple[str, Path | None], str] = {}
    return [replace(function, written=spellings.setdefault((function.template, function.spec), function.written)) for function in functions]


def _place(subject: FunctionSubject) -> tuple[str, str]:
    """The file that declares a function, and its logical id there."""
    return subject.location.path, subject.construct.rpartition("/")[2]


def _function(subject: FunctionSubject, documents: dict[str, Mapping[str, Any]], given: str | None) -> SamFunction:
    template, logical_id = _place(subject)
    if template not in documents:
        read = parse_document(decode(read_bounded(template, LARGEST_TEMPLATE) or b""))
        documents[template] = read.data if isinstance(read, Document) and isinstance(read.data, dict) else {}
    resource = _at(documents[template], "Resources", logical_id)
    metadata = _at(resource, "Metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    architectures = _at(resource, "Properties", "Architectures") or _at(documents[template], "Globals", "Function", "Architectures")
    is_literal = isinstance(architectures, list) and all(isinstance(item, str) for item in architectures)
    own = metadata.get(SPEC_KEY)
    written = own if isinstance(own, str) else ""
    if given is not None:
        written = Path(os.path.relpath(given, os.path.dirname(template) or ".")).as_posix()
    why = ""
    if not isinstance(resource, dict):
        why = "a loop makes it, and SAM CLI packages no image of a loop: write the function out"
    elif own is not None and not isinstance(own, str) and given is None:
        why = f"{SPEC_KEY} is no path"
    elif "aws:asset:path" in metadata:
        why = "CDK made it: its specification belongs into the app"
    return SamFunction(
        construct=subject.construct,
        logical_id=logical_id,
        template=template,
        # An image is of one architecture, whatever a parameter or a condition of the deployment would choose.
        declared=subject.declared if is_literal else replace(subject.declared, architecture_given=False),
        written=written,
        metadata=metadata,
        handler=_handler(subject),
        dockerfile=subject.dockerfile.path if subject.dockerfile is not None else "",
        why=why,
        build=subject.build,
    )


def _at(data: Any, *keys: str) -> Any:
    """The value at a path of mappings; None where there is none."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _handler(subject: FunctionSubject) -> str:
    """The one word that the image's Dockerfile starts."""
    command = last(subject.dockerfile, "CMD") if subject.dockerfile is not None else None
    return command.json[0] if command is not None and command.json is not None and len(command.json) == 1 else ""


# Generated directories.


def stem_of(spec: Path) -> str:
    """What a specification's directory is called."""
    return spec.name.removesuffix(SPEC_SUFFIX) or "image"


def is_current(directory: Path, kept: KeptPlan, context: BuildContext) -> bool:
    """Whether the directory was generated of the same plan and the same files."""
    try:
        there = read_plan(plan_path(directory))
        return _image_of(there) == _image_of(kept) and (directory / DOCKERFILE).read_text(encoding="utf-8") == context.dockerfile
    except (OptimizerError, OSError, UnicodeDecodeError):
        return False


def _image_of(kept: KeptPlan) -> KeptPlan:
    """A plan without what only says how it is reckoned: new evidence makes no other image."""
    stages = tuple(replace(stage, figures=None) for stage in kept.plan.stages)
    return replace(kept, plan=replace(kept.plan, stages=stages, order=None))


def written_by_hand(directory: Path) -> bool:
    """Whether the directory is there, and was not generated."""
    if not directory.exists():
        return False
    try:
        return not (directory / DOCKERFILE).read_text(encoding="utf-8").startswith(HEADER + "\n")
    except (OSError, UnicodeDecodeError):
        return True


def write_generated(directory: Path, kept: KeptPlan, context: BuildContext, project: Project) -> None:
    """Write a build context in the place of an older one, and its plan beside it.

    Raises :class:`ContextError`; the older one is then still there.
    """
    staged = stage_context(context, project, directory.parent)
    older = hidden_beside(directory, "old")
    try:
        if not (directory.parent / _IGNORE).exists():
            replace_file(directory.parent / _IGNORE, "*\n", "the ignore file", ContextError, durable=False)
        if directory.exists():
            os.rename(directory, older)
        os.rename(staged, directory)
    except OSError as error:
        if older.exists() and not directory.exists():
            os.rename(older, directory)
        raise ContextError(f'"{directory}" cannot be written: {error.strerror}', str(directory), "check its permissions") from None
    finally:
        shutil.rmtree(older, ignore_errors=True)
    write_plan(directory, kept)


def left_over(parent: Path, used: set[str]) -> list[Path]:
    """Directories that were generated and that no function uses any more, sorted."""
    plans = sorted(parent.glob("*.plan.json")) if parent.is_dir() else []
    found = [plan.with_name(plan.name.removesuffix(".plan.json")) for plan in plans]
    return [directory for directory in found if directory.name not in used and directory.is_dir() and not written_by_hand(directory)]


def remove_generated(directory: Path) -> None:
    """Remove a generated directory and its plan."""
    shutil.rmtree(directory, ignore_errors=True)
    plan_path(directory).unlink(missing_ok=True)
