"""Whether what stages read of a build context is what it was written with: their keys stand for that."""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Iterable, Iterator
from pathlib import Path

from optimizer.adapters.images.tar import Budget, TarReader, hashed_entries
from optimizer.builders.docker.context import in_context
from optimizer.builders.docker.render import context_scripts
from optimizer.errors import ContextError, Fault, ImageError
from optimizer.model.inputs import Input
from optimizer.model.plan import BuildPlan, Stage, archive_path
from optimizer.model.recipes.content import PackedFiles
from optimizer.planning.document import KeptPlan
from optimizer.project.files import Project, content_digest, directories_above

_AGAIN = "run cdk synth again"


def changed_inputs(kept: KeptPlan, stages: Iterable[str], context: Path) -> list[Fault]:
    """A fault for each input of the stages, and of those that they stand on, which the build context does not have as it was written.

    Reads all of them: archives, files, and everything below directories.
    """
    plan = kept.plan
    known = dict(zip([*plan.plain_inputs(), *sorted(plan.packed())], kept.contents, strict=False))
    faults: list[Fault] = []
    plain: dict[Input, None] = {}
    for name in _with_origins(plan, stages):
        stage = plan.stage(name)
        packed = stage.packed()
        if packed is None:
            plain.update(dict.fromkeys(stage.plain_inputs()))
        else:
            faults += _changed_archive(packed, context / archive_path(name), known.get(name))
    generated = (*context_scripts(plan), *map(archive_path, plan.packed()))
    faults += [fault for item in plain for fault in _changed_input(item, context, generated, known.get(item))]
    return faults


def _with_origins(plan: BuildPlan, stages: Iterable[str]) -> list[str]:
    """The stages, and those whose file system or trees a build of them takes, each once."""
    found: dict[str, None] = {}
    waiting = list(stages)
    while waiting:
        stage: Stage = plan.stage(waiting.pop())
        if stage.name not in found:
            found[stage.name] = None
            waiting += [*stage.needs, *([stage.origin] if isinstance(stage.origin, str) else ())]
    return list(found)


def _changed_archive(packed: PackedFiles, path: Path, digest: str | None) -> Iterator[Fault]:
    what = f'the archive "{path}"'
    try:
        with path.open("rb") as file:
            reader = TarReader(file, what, Budget(), seekable=True)
            now = content_digest(_rows(packed, reader))
    except FileNotFoundError:
        yield Fault(f"{what} is missing", "", _AGAIN)
    except OSError as error:
        yield Fault(f"{what} cannot be read: {error.strerror}", "", _AGAIN)
    except ImageError as error:
        yield Fault(f"{what} is not as it was written: {error.faults[0].message}", "", _AGAIN)
    else:
        if now != digest:
            yield Fault(f"{what} is not as it was written: a file in it is another one", "", _AGAIN)


def _rows(packed: PackedFiles, reader: TarReader) -> Iterator[tuple[str, str, str]]:
    """What an archive holds, by the paths below the source, in the order of a project."""
    files = packed.files
    top = posixpath.join(files.target.strip("/"), "") if files.directory else ""
    rows = []
    for entry in hashed_entries(reader):
        if entry.kind == "directory" and (not files.directory or not entry.path.startswith(top) or entry.path == top):
            continue
        mode = entry.kind if entry.kind != "file" else "executable" if entry.mode & 0o111 else "file"
        path = entry.path.removeprefix(top) if files.directory else ""
        rows.append((path, mode, entry.target if mode == "symlink" else entry.digest))
    yield from sorted(rows)


def _changed_input(item: Input, context: Path, generated: Iterable[str], digest: str | None) -> Iterator[Fault]:
    what = f'"{context / item.source}"' + (", or something below it," if item.directory else "")
    project = Project(context)
    try:
        if project.kind(item.source) is None:
            yield Fault(f"{what} is missing in the build context", "", _AGAIN)
        elif all(digest != found for found in _contents(project, in_context(item), generated)):
            yield Fault(f"{what} was changed after the build context was written", "", _AGAIN)
    except ContextError as error:
        yield from (Fault(f"the build context {context} is not as it was written: {fault.message}", "", _AGAIN) for fault in error.faults)


def _contents(project: Project, item: Input, generated: Iterable[str]) -> Iterator[str]:
    """The digests that the content of an input may have: of a directory that holds nothing but what this project generated, the context does not tell whether the input has it too."""
    if not item.directory:
        yield project.content(item.source)
        return
    prefix = "" if item.source == "." else f"{item.source}/"
    own = [path.removeprefix(prefix) for path in generated if path.startswith(prefix)]
    entries = project.entries(item.source, (*item.exclude, *(f"/{path}" for path in own)))
    rows = [(path.removeprefix(prefix), mode, content) for path, mode, content in entries]
    used = directories_above([path for path, _, _ in rows])
    bare = [path for path in sorted(directories_above(own)) if path and path not in used]
    for count in range(len(bare) + 1):
        for left_out in itertools.combinations(bare, count):
            yield content_digest([row for row in rows if row[0] not in left_out])
