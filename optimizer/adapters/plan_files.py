"""The plan of an image as a file beside its build context, outside of the digest that names it."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from optimizer.adapters.files import replace_file
from optimizer.builders.docker.render import context_scripts, render
from optimizer.dockerfile.rendered import HEADER
from optimizer.errors import ContextError, PlanError
from optimizer.model.build import BuildOptions
from optimizer.model.plan import BuildPlan, archive_path
from optimizer.planning.document import KeptPlan, plan_from_data, plan_to_data, text_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPlan:
    """What is known of how an image was planned.

    ``planned`` is None for a Dockerfile that people wrote, and for one whose
    plan cannot be trusted; ``note`` then says why, and is empty for the first.
    """

    planned: KeptPlan | None = None
    note: str = ""


def plan_path(directory: Path) -> Path:
    """The file of the plan of the image whose build context is the directory."""
    return directory.with_name(f"{directory.name}.plan.json")


def write_plan(directory: Path, planned: KeptPlan) -> None:
    """Keep the plan beside a build context.

    Raises :class:`ContextError` where it cannot be written.
    """
    path = plan_path(directory)
    text = json.dumps(plan_to_data(planned), indent=1) + "\n"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if path.read_text(encoding="utf-8") == text:
            return
    replace_file(path, text, "the plan", ContextError, durable=False)


def read_plan(path: Path) -> KeptPlan:
    """The plan that a file holds.

    Raises :class:`ContextError` for a file that cannot be read, and
    :class:`PlanError` for one that holds no plan of this version.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ContextError(f'"{path}" cannot be read: {error.strerror}', str(path), "check the path and its permissions") from None
    except (ValueError, RecursionError) as error:
        raise PlanError(f"the plan is not JSON: {error}", str(path), "synthesize or plan again") from None
    return plan_from_data(data, str(path))


def archive_sizes(plan: BuildPlan, directory: Path) -> dict[str, int]:
    """The bytes of the archives that a build context holds of a plan's packed files, by their stages."""
    archives = {name: directory / archive_path(name) for name in plan.packed()}
    return {name: path.stat().st_size for name, path in archives.items() if path.is_file()}


def plan_of_context(directory: Path, dockerfile: Path) -> FoundPlan:
    """The plan of the image in a build context with that Dockerfile; a note also where the file cannot be read.

    Where only the files beside the build contexts were kept, nothing is there that could say otherwise than the plan.
    """
    if not directory.exists() and plan_path(directory).is_file():
        return _read(directory)
    try:
        return plan_beside(directory, dockerfile.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        return FoundPlan(note=f"the Dockerfile cannot be read: {error}")


def plan_beside(directory: Path, dockerfile: str) -> FoundPlan:
    """The plan of the image in a build context, whose Dockerfile has that text; a note where it is missing, damaged or another one's."""
    if not dockerfile.startswith(HEADER + "\n"):
        return FoundPlan()
    if not plan_path(directory).is_file():
        return FoundPlan(
            note="no plan is kept beside its generated Dockerfile: it was synthesized by an older version, or copied from elsewhere"
        )
    found = _read(directory)
    if found.planned is not None and found.planned.dockerfile != text_digest(dockerfile):
        return FoundPlan(note="its generated Dockerfile was changed after it was synthesized")
    return found


def _read(directory: Path) -> FoundPlan:
    """What is read of the plan beside a build context."""
    try:
        return FoundPlan(planned=read_plan(plan_path(directory)))
    except (ContextError, PlanError) as error:
        return FoundPlan(note=f"{error.faults[0].message}")


def planned_image(directory: Path, options: BuildOptions, dockerfile: str) -> FoundPlan:
    """The plan of the image that CDK would build with the options; none where they, or an ignore file, change what its stages are."""
    reaches_in = options.arguments or options.contexts or options.target or options.ssh or options.no_cache
    if reaches_in or (directory / ".dockerignore").exists():
        return FoundPlan()
    found = plan_beside(directory, dockerfile)
    if found.planned is not None and not _rendered_here(found.planned.plan, directory, dockerfile):
        return FoundPlan(note="another version of this tool made its Dockerfile or its scripts")
    return found


def _rendered_here(plan: BuildPlan, directory: Path, dockerfile: str) -> bool:
    """Whether this version of the tool makes the same Dockerfile and the same scripts of the plan."""
    scripts = context_scripts(plan)
    try:
        there = {path: directory.joinpath(path).read_bytes() for path in scripts}
    except OSError:
        return False
    return render(plan) == dockerfile and there == {path: text.encode("utf-8") for path, text in scripts.items()}
