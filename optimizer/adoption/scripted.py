"""A stage as the commands of one step, for what no other step can say.

The commands do what the stage did, in an image of their own: they put the
inputs where COPY put them, run what RUN ran in its working directory, and copy
what the image took from the stage into the layer.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterable, Mapping

from optimizer.adoption.drafts import Output
from optimizer.adoption.tree import Entry, is_below
from optimizer.adoption.walk import Moment, Stage, Walk
from optimizer.bases.recognise import lambda_base, lambda_environment
from optimizer.dockerfile.scope import absolute
from optimizer.model.directories import GENERATED
from optimizer.model.fields import CACHE_DIRECTORY, TARGET_ROOTS
from optimizer.model.plan import TREE
from optimizer.model.secret import BuildSecret

_NOT_READ = GENERATED | {"Dockerfile", ".dockerignore"}
"""Names at the top of a context that no command of a Dockerfile means when it copies everything."""


def scripted(walk: Walk, stage: Stage) -> tuple[list[list[str]], list[str], dict[str, str], list[BuildSecret]]:
    """The stage as commands of a step, with the inputs, the environment and the secrets that they need; outputs are not copied yet."""
    run: list[list[str]] = []
    inputs: list[str] = []
    secrets: list[BuildSecret] = []
    environment: dict[str, str] | None = None
    made: set[str] = {"/"}
    outputs = stage.command.outputs if stage.command is not None else ()
    for moment in stage.moments:
        instruction = moment.instruction
        entries = [entry for item, entry in stage.copied if item is instruction]
        for target, sources in _placements(walk, entries).items():
            inputs += [source.removesuffix("/.") for source in sources]
            run.append(["sh", "-c", f"{_made(target.rpartition('/')[0] or '/', made)}cp -R {shlex.join(sources)} {shlex.quote(target)}"])
        if instruction.keyword == "RUN":
            secrets += walk.secrets_of(instruction)
            variables = variables_of(walk, stage, moment)
            environment = variables if environment is None else environment
            later = {name: value for name, value in variables.items() if environment.get(name) != value}
            exports = [f"export {name}={shlex.quote(value)} && " for name, value in sorted(later.items())]
            exports += [f'export {name}="{raw}" && ' for name, raw in moment.exported]
            shell = ("sh", "-c") if instruction.json is not None else moment.shell
            # Outside quotes a tab is white space like any other, and a text of a spec holds none.
            text = shlex.join(instruction.json) if instruction.json is not None else instruction.arguments.replace("\t", " ")
            place = f"{_made(moment.workdir, made)}cd {shlex.quote(moment.workdir)} && "
            run.append([*shell, f"{''.join(exports)}{place}{text}"])
            # A mount is gone after its RUN; what the image takes of the place must not hold it.
            gone = [entry.path for entry in entries if any(_takes(output, entry.path) for output in outputs)]
            run += [["rm", "-rf", *gone]] if gone else []
    return run, list(dict.fromkeys(inputs)), environment or {}, list(dict.fromkeys(secrets))


def caches(stage: Stage) -> tuple[str, ...]:
    """The directories that the builder keeps for the stage's commands, as far as a step can name them; sorted."""
    found = set()
    for moment in stage.moments:
        for flag in moment.instruction.flags:
            fields = flag.fields() if flag.name == "mount" else {}
            target = fields.get("target") or fields.get("dst") or fields.get("destination")
            path = absolute(target, moment.workdir) if target and fields.get("type") == "cache" else None
            if path and CACHE_DIRECTORY.accepts(path):
                found.add(path)
    return tuple(sorted(found))


def _takes(output: Output, path: str) -> bool:
    """Whether what the image takes of a stage holds the path."""
    origin = posixpath.normpath(output.origin)
    return origin == path or is_below(path, origin)


def variables_of(walk: Walk, stage: Stage, moment: Moment) -> dict[str, str]:
    """The variables that a RUN sees beside those of its image."""
    known = _base_environment(walk, stage)
    return {name: value for name, value in moment.variables.items() if value is not None and known.get(name) != value}


def _read_by(walk: Walk, entry: Entry) -> list[str]:
    """The paths that a command reads in place of the entry: of a directory with ignored files, its names without those."""
    assert entry.source is not None
    if not entry.directory:
        return [entry.source]
    names = walk.subject.context.names(_within(entry.source, walk.directory)) if walk.subject.context else None
    ignored = walk.subject.ignored
    kept = []
    for name in names or ():
        path = posixpath.normpath(posixpath.join(_within(entry.source, walk.directory), name.rstrip("/")))
        skipped = ignored is not None and ignored.ignores(path) and not ignored.may_take_back
        if not skipped and name.rstrip("/") not in _NOT_READ:
            kept.append(posixpath.normpath(posixpath.join(entry.source, name.rstrip("/"))))
    return kept if names is not None and (len(kept) != len(names) or entry.source == ".") else [entry.source]


def _base_environment(walk: Walk, stage: Stage) -> Mapping[str, str]:
    """The variables that the stage's base image brings."""
    base = lambda_base(stage.resolved.image or "", walk.mirror)
    return lambda_environment(base) if base else {}


def _placements(walk: Walk, entries: Iterable[Entry]) -> dict[str, list[str]]:
    """What is copied where, in order; a target that is a directory ends with a slash."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        sources = _read_by(walk, entry)
        if entry.directory:
            found.setdefault(f"{entry.path}/", []).extend(f"{item}/." if item == entry.source else item for item in sources)
        elif posixpath.basename(entry.path) == posixpath.basename(sources[0]):
            found.setdefault(f"{posixpath.dirname(entry.path).rstrip('/')}/", []).extend(sources)
        else:
            found[entry.path] = sources
    return {target: sources for target, sources in found.items() if sources}


def _made(directory: str, made: set[str]) -> str:
    """The command that makes the directory, where it is not there yet."""
    if directory in made:
        return ""
    made.add(directory)
    return f"mkdir -p {shlex.quote(directory)} && "


def _within(source: str, directory: str) -> str:
    return source if directory == "." else posixpath.relpath(source, directory)


def keeping(origin: str, path: str, exact: bool) -> list[str]:
    """The command that puts what a stage has made into the layer."""
    target = f"{TREE}{path}"
    if path == "/":
        copy = 'mkdir -p "$target/$d" && cp -R "$0/$d/." "$target/$d/" || exit 1'
        script = f'target="$1"; shift; for d; do if [ -d "$0/$d" ]; then {copy}; fi; done'
        return ["sh", "-c", script, origin.rstrip("/"), TREE, *(root.strip("/") for root in TARGET_ROOTS)]
    if any(character in origin for character in "*?["):
        above, name = posixpath.split(origin)
        return ["sh", "-c", f"mkdir -p {shlex.quote(target)} && cp -R {shlex.quote(above)}/{name} {shlex.quote(target)}/"]
    if origin.endswith("/"):
        return ["sh", "-c", f"mkdir -p {shlex.quote(target)} && cp -R {shlex.quote(origin)}. {shlex.quote(target)}/"]
    file = 'mkdir -p "$2" && cp "$0" "$1"' if exact else 'mkdir -p "$1" && cp "$0" "$1/"'
    script = f'if [ -d "$0" ]; then mkdir -p "$1" && cp -R "$0/." "$1/"; else {file}; fi'
    return ["sh", "-c", script, origin, target, *([posixpath.dirname(target)] if exact else [])]
