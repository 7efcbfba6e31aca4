"""A stage that installs the packages of package.json, runs one of its scripts and is left with the output: a NodeBuild step."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from optimizer.adoption.actions import Dependencies, MakeDirectories, NotNeeded
from optimizer.adoption.commands import redirects, understand
from optimizer.adoption.drafts import CommandDraft, Output
from optimizer.adoption.scripted import variables_of
from optimizer.adoption.tree import Entry, is_below
from optimizer.adoption.walk import TASK, Moment, Stage, Walk
from optimizer.locks.files import directory_of
from optimizer.locks.managers import lock_names
from optimizer.locks.tsconfig import NAMES as CONFIGURATIONS
from optimizer.toolchains.nodejs_package import MANIFEST

_FOUND = (MANIFEST, *CONFIGURATIONS, *lock_names("nodejs"))
"""Names of files above the source that the step finds itself."""

_PACKAGES = "node_modules"
_RUNNERS = ("npm", "pnpm", "yarn")
_NOT_SCRIPTS = ("run", "run-script", "exec", "dlx", "install", "i", "ci", "add", "init", "config", "cache", "workspace", "workspaces")


def node_build(walk: Walk, stage: Stage, draft: CommandDraft) -> dict[str, object] | None:
    """The fields of the step that does what the stage does; None where anything of it is not certain."""
    found = list(_scripts(walk, stage))
    if len(found) != 1 or found[0] is None:
        return None
    moment, script = found[0]
    if moment.exported:
        return None
    manifest = _entry(stage, posixpath.join(moment.workdir, MANIFEST))
    output = _output(draft, moment.workdir)
    if manifest is None or manifest.source is None or output is None or not _keeps_places(stage, moment.workdir, manifest.source):
        return None
    source = directory_of(manifest.source)
    beside = [path for path in dict.fromkeys(_sources(stage)) if path != source and not is_below(path, source)] if source != "." else []
    if "." in beside:
        return None
    made, to = output
    return {
        "source": source,
        "script": script,
        **({} if made == "dist" else {"output": made}),
        "to": f"{to}/",
        "inputs": tuple(path for path in beside if posixpath.basename(path) not in _FOUND),
        "environment": tuple(sorted(variables_of(walk, stage, moment).items())),
    }


def _scripts(walk: Walk, stage: Stage) -> Iterator[tuple[Moment, str] | None]:
    """The scripts of package.json that the stage runs, each with its moment; None for any command that is not understood."""
    for moment in stage.moments:
        instruction = moment.instruction
        if instruction.keyword == "ADD":
            yield None
        if instruction.keyword != "RUN":
            continue
        text = instruction.arguments
        if redirects(text) or instruction.heredocs:
            yield None
        for command in walk.subject.commands(instruction):
            name = _script(command.words)
            if name is not None:
                yield moment, name
            elif not isinstance(action := understand(command, text), NotNeeded | MakeDirectories) and not (
                isinstance(action, Dependencies) and action.ecosystem == "nodejs" and not action.not_carried
            ):
                yield None


def _script(words: Sequence[str]) -> str | None:
    """The script that a command runs, with no argument of its own: ``npm run build``, ``pnpm build``."""
    program = words[0].rpartition("/")[2]
    if program not in _RUNNERS:
        return None
    rest = [word for word in words[1:] if word not in ("--silent", "-s", "--if-present")]
    if len(rest) == 2 and rest[0] in ("run", "run-script"):
        return rest[1]
    return rest[0] if len(rest) == 1 and program != "npm" and not rest[0].startswith("-") and rest[0] not in _NOT_SCRIPTS else None


def _entry(stage: Stage, path: str) -> Entry | None:
    """What of the build context stands at a path of the stage."""
    for _, entry in reversed(stage.copied):
        if entry.source is None:
            continue
        if not entry.directory and entry.path == path:
            return entry
        if entry.directory and is_below(path, entry.path):
            inside = posixpath.relpath(path, entry.path)
            return Entry(path=path, directory=False, source=posixpath.normpath(posixpath.join(entry.source, inside)), via=entry.via)
    return None


def _sources(stage: Stage) -> Iterator[str]:
    yield from (entry.source for _, entry in stage.copied if entry.source is not None)


def _keeps_places(stage: Stage, workdir: str, manifest: str) -> bool:
    """Whether all that was copied stands to one another as in the project."""
    source = directory_of(manifest)
    return all(
        entry.source is not None
        and posixpath.normpath(posixpath.join(workdir, posixpath.relpath(entry.source, source))) == posixpath.normpath(entry.path)
        for _, entry in stage.copied
    )


def _output(draft: CommandDraft, workdir: str) -> tuple[str, str] | None:
    """The one directory that the image takes of the stage beside its packages, relative to the working directory, and its place."""
    outputs = [output for output in draft.outputs if output not in packages_taken(draft, workdir)]
    if len(outputs) != 1:
        return None
    (output,) = outputs
    origin = output.origin.removesuffix("/*").rstrip("/")
    if any(character in origin for character in "*?[") or not is_below(origin, workdir) or posixpath.splitext(origin)[1]:
        return None
    return posixpath.relpath(origin, workdir), output.path.rstrip("/")


def packages_taken(draft: CommandDraft, workdir: str) -> list[Output]:
    """The packages beside package.json, where the image takes them to the place in which a step of packages puts them."""
    return [
        output
        for output in draft.outputs
        if output.origin.rstrip("/") == posixpath.join(workdir, _PACKAGES) and output.path.rstrip("/") == posixpath.join(TASK, _PACKAGES)
    ]
