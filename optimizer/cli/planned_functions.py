"""The functions of a synthesized app and its customer-managed runtimes, or the functions of a SAM template, with the plans of their images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from optimizer.adapters.assembly import AssemblyFunction, load_functions
from optimizer.adapters.plan_files import FoundPlan, archive_sizes, plan_of_context
from optimizer.adapters.runtime_images import RuntimeImage, load_runtime_images
from optimizer.adapters.sam_project import SamFunction, load_sam_project
from optimizer.adapters.spec_dockerfiles import packed_sizes
from optimizer.bases.catalogue import BaseImage, base_image
from optimizer.bases.features import support
from optimizer.bases.mirror import Mirror
from optimizer.bases.recognise import lambda_base
from optimizer.cli.sam_images import spec_images
from optimizer.cli.spec_image import SpecImage
from optimizer.config.settings import load_settings
from optimizer.dockerfile.labels import labels
from optimizer.dockerfile.parse import decode, parse
from optimizer.dockerfile.scope import resolve
from optimizer.errors import ContextError, OptimizerError
from optimizer.linting.facts.properties import property_of
from optimizer.model.function import DeclaredFunction
from optimizer.model.plan import BuildPlan
from optimizer.model.snapstart import promise
from optimizer.planning.document import KeptPlan
from optimizer.planning.explanation import explain
from optimizer.project.files import Project
from optimizer.report.plan.rows import FunctionRow, SnapStartRow


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFunction:
    """A function, or a runtime for one architecture, with what is shown of it; ``kept`` is None where its image has no plan.

    ``directory`` is the build context of its image, None where it has none on
    disk, and ``spec`` the file of its specification, None for that of an app.
    """

    row: FunctionRow
    kept: KeptPlan | None = None
    directory: Path | None = None
    spec: Path | None = None


def functions_of_app(app: Path) -> list[PlannedFunction]:
    """The image functions of the output directory of ``cdk synth``, sorted by path, and then the images of its runtimes.

    Raises :class:`ContextError` for a directory that is none, and for an app
    that has neither.
    """
    functions, runtimes = load_functions(app), load_runtime_images(app)
    if not functions and not runtimes:
        raise no_function(app)
    return [*map(_of_app, functions), *map(_of_runtime, runtimes)]


def no_function(app: Path) -> ContextError:
    """The error for an app that has no function with an image, and no runtime."""
    return ContextError(
        f'the app in "{app}" has no image function, and no customer-managed runtime',
        str(app),
        "declare an OptimizedFunction or a CustomerManagedRuntime, and run cdk synth again",
    )


def runtimes_of(functions: Iterable[PlannedFunction]) -> frozenset[str]:
    """The paths of those that are images of customer-managed runtimes."""
    return frozenset(function.row.path for function in functions if function.row.runtime is not None)


def functions_of_template(
    template: str, *, environment: str, root: Path | None, lock: Path | None, mirror: str | None
) -> list[PlannedFunction]:
    """The image functions of a template, sorted by name; those that name a specification are planned.

    Raises :class:`OptimizerError`.
    """
    through = Mirror.parse(mirror) if mirror is not None else load_settings(".", root=root, lock=lock).mirror
    project = load_sam_project(template, environment, through, {})
    images = spec_images(project, root=root, lock=lock, mirror=mirror)
    return [_of_template(function, images) for function in project.functions]


def function_of_spec(name: str, kept: KeptPlan, project: Project) -> PlannedFunction:
    """The image of a specification as that of a function which nothing is known of but its image."""
    row = FunctionRow(path=name, handler="", architecture="", image=name, repository="", registry="", base="", stages=())
    return PlannedFunction(row=_with_plan(row, DeclaredFunction(), kept, packed_sizes(kept.plan, project)), kept=kept)


def _of_app(function: AssemblyFunction) -> PlannedFunction:
    found = FoundPlan()
    if function.directory is not None and function.dockerfile is not None:
        found = plan_of_context(function.directory, function.dockerfile)
    note = f"{found.note}; run cdk synth again" if found.note else ""
    if function.error and function.directory is None:
        note = f"synthesis made no image of it: {function.error.splitlines()[0]}"
    row = FunctionRow(
        path=function.path,
        handler=function.declared.handler,
        architecture=function.declared.architecture or "unknown",
        image=function.tag,
        repository=function.repository or "",
        registry=function.registry.host if function.registry else "",
        base="",
        stages=(),
        note=note,
        snapstart=_snapstart(function.declared, None, {}),
    )
    if found.planned is not None and function.directory is not None:
        return PlannedFunction(
            row=_with_plan(row, function.declared, found.planned, archive_sizes(found.planned.plan, function.directory)),
            kept=found.planned,
            directory=function.directory,
        )
    if function.dockerfile is not None:
        row = _with_dockerfile(row, function.declared, function.dockerfile)
    return PlannedFunction(row=row, directory=function.directory)


def _of_runtime(image: RuntimeImage) -> PlannedFunction:
    found = plan_of_context(image.directory, image.directory / image.options.dockerfile)
    registry = image.destination.registry
    row = FunctionRow(
        path=image.path,
        handler="",
        architecture=image.architecture,
        image=image.tag,
        repository=image.destination.repository,
        registry=registry.host if registry else "",
        base="",
        stages=(),
        note=f"{found.note}; run cdk synth again" if found.note else "",
        runtime=image.runtime,
    )
    if found.planned is None:
        return PlannedFunction(row=_with_dockerfile(row, DeclaredFunction(), image.directory / image.options.dockerfile))
    sizes = archive_sizes(found.planned.plan, image.directory)
    return PlannedFunction(row=_with_plan(row, DeclaredFunction(), found.planned, sizes), kept=found.planned, directory=image.directory)


def _of_template(function: SamFunction, images: Mapping[Path, SpecImage]) -> PlannedFunction:
    image = images.get(function.spec) if function.spec is not None else None
    row = FunctionRow(
        path=function.construct,
        handler=function.declared.handler,
        architecture=function.declared.architecture or "unknown",
        image=image.tag if image is not None else function.declared.image_uri or function.construct,
        repository="",
        registry="",
        base="",
        stages=(),
        note="" if image is not None else function.why or "it names no specification",
        snapstart=_snapstart(function.declared, None, {}),
    )
    if image is not None:
        kept = image.kept
        return PlannedFunction(
            row=_with_plan(row, function.declared, kept, packed_sizes(kept.plan, image.project)), kept=kept, spec=function.spec
        )
    if function.dockerfile:
        row = _with_dockerfile(row, function.declared, Path(function.dockerfile))
    return PlannedFunction(row=row)


def _with_plan(row: FunctionRow, declared: DeclaredFunction, kept: KeptPlan, file_sizes: Mapping[str, int]) -> FunctionRow:
    made = kept.plan
    return replace(
        row,
        architecture=made.architecture,
        base=str(made.base),
        stages=(*(stage.name for stage in made.stages if stage.name not in made.layers), *made.layers),
        snapstart=_snapstart(declared, _provided(made), dict(made.labels)),
        explained=explain(kept, file_sizes),
    )


def _with_dockerfile(row: FunctionRow, declared: DeclaredFunction, dockerfile: Path) -> FunctionRow:
    """The row with what a Dockerfile says by itself."""
    try:
        parsed = parse(decode(dockerfile.read_bytes()), str(dockerfile))
        resolved = resolve(parsed)
    except OptimizerError as error:
        return replace(row, note=f"the Dockerfile cannot be read: {error.faults[0].message}")
    except OSError as error:
        # A build context that was deleted, with the plan beside it, or not kept with the app.
        return replace(row, note=f"the Dockerfile cannot be read: {error.strerror}; run cdk synth again")
    base = resolved.stages[-1].image or ""
    given = labels(resolved.stages[index] for index in reversed(resolved.lineage(len(resolved.stages) - 1)))
    named = lambda_base(base) if base else None
    return replace(
        row,
        base=base,
        stages=tuple(stage.name for stage in parsed.stages if stage.name),
        snapstart=_snapstart(declared, named.base if named else None, given),
    )


def _provided(made: BuildPlan) -> BaseImage | None:
    """The base image that AWS provides, also from a mirror; None for another one."""
    base = base_image(made.runtime)
    return base if made.base.name.endswith(f"/{base.reference.repository}") else None


def _snapstart(declared: DeclaredFunction, provided: BaseImage | None, given: Mapping[str, str | None]) -> SnapStartRow | None:
    if property_of(declared, "SnapStart", "ApplyOn") != "PublishedVersions":
        return None
    needed = support(provided, "snapstart").answer if provided is not None else ""
    return SnapStartRow(promise=promise(given), base=needed, published=tuple(item.name for item in declared.qualifiers))
