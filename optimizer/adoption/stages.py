"""The stages of a Dockerfile, instruction by instruction."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.adoption.copies import Copies
from optimizer.adoption.runs import Runs
from optimizer.adoption.tree import Tree
from optimizer.adoption.walk import TASK, Moment, Stage, Walk, expanded, is_own_base
from optimizer.bases.recognise import image_reference, lambda_base, lambda_environment
from optimizer.dockerfile.instruction import Instruction
from optimizer.dockerfile.scope import AUTOMATIC, absolute

_NO_EFFECT = {
    "EXPOSE": "a function has no ports",
    "HEALTHCHECK": "Lambda checks no health",
    "MAINTAINER": "it is an old form of a label; set it in labels",
    "STOPSIGNAL": "Lambda sends its own signals",
    "VOLUME": "Lambda mounts no volumes, and its file system is read-only outside /tmp",
}


class Stages:
    """Follows every stage that the image needs."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._copies = Copies(walk)
        self._runs = Runs(walk, self._copies)

    def follow(self) -> None:
        """Follow the stages in their order, so that each finds those it is built on."""
        for index in sorted(self._walk.subject.resolved.needed(self._walk.final)):
            self._stage(index)

    def _stage(self, index: int) -> None:
        resolved = self._walk.subject.resolved.stages[index]
        parent = self._walk.stages.get(resolved.parent) if resolved.parent is not None else None
        if parent is not None:
            stage = Stage(
                resolved=resolved,
                tree=parent.tree.copy(),
                variables=dict(parent.variables),
                environment=set(parent.environment),
                exported=parent.exported,
                opaque=list(parent.opaque),
                foreign=parent.foreign,
                copied=list(parent.copied),
                drafts=list(parent.drafts),
                packages=[] if index in self._walk.lineage else list(parent.packages),
                moments=list(parent.moments),
                workdir=parent.workdir,
                shell=parent.shell,
            )
        else:
            base = lambda_base(resolved.image or "", self._walk.mirror)
            own_base = base is None and is_own_base(resolved.image)
            known: dict[str, str | None] = dict(lambda_environment(base)) if base else {}
            if own_base:
                known = {"LAMBDA_TASK_ROOT": TASK, "LAMBDA_RUNTIME_DIR": "/var/runtime"}
            stage = Stage(
                resolved=resolved,
                tree=Tree(directories=[TASK, "/var/runtime"]),
                variables=known,
                environment=set(known),
                workdir=TASK if base or own_base else _home_of(resolved.image or ""),
            )
        self._walk.stages[index] = stage
        self._walk.note(resolved.stage.start)
        for instruction, values in zip(resolved.stage.instructions, resolved.expanded, strict=True):
            self._walk.note(instruction)
            stage.moments.append(Moment(instruction, stage.workdir, stage.variables, stage.exported, stage.shell))
            self._instruction(index, stage, instruction, self._values(stage, instruction, values), stage.workdir)

    def _values(self, stage: Stage, instruction: Instruction, values: Sequence[str | None]) -> tuple[str | None, ...]:
        """The values, also those that depend on what only a company's base sets."""
        if None not in values or instruction.keyword == "ARG":
            return tuple(values)
        if instruction.keyword in ("ENV", "LABEL"):
            raws = [raw or "" for _, raw, _ in instruction.pairs()]
        else:
            raws = list(instruction.json) if instruction.json is not None else [word.text for word in instruction.words]
        return tuple(expanded(raw, stage.variables) if value is None else value for raw, value in zip(raws, values, strict=True))

    def _instruction(self, index: int, stage: Stage, instruction: Instruction, values: Sequence[str | None], workdir: str) -> None:
        note, final = self._walk.note(instruction), index in self._walk.lineage
        match instruction.keyword:
            case "ARG" | "ENV":
                self._variables(stage, instruction, values)
            case "RUN":
                self._runs.run(index, stage, instruction, workdir)
            case "ADD" | "COPY":
                self._copies.copy(index, stage, instruction, values, workdir)
            case "WORKDIR":
                if values and values[0] is not None and (path := absolute(values[0], workdir)):
                    stage.tree.directories.add(path)
                    stage.workdir = path
                elif final:
                    self._walk.left(
                        instruction, "the working directory depends on what only the build knows", "write it as it is, and run init again"
                    )
                if not final:
                    note.not_needed.append("a directory of a build stage")
            case "SHELL":
                stage.shell = instruction.json or stage.shell
                note.not_needed.append("steps run no shell of the image")
            case "USER":
                if final:
                    note.not_needed.append("Lambda runs every image as a user of its own")
                else:
                    note.not_needed.append("the user of a build stage")
            case "ONBUILD":
                self._walk.left(instruction, "only images that are built from this one run it", "declare it in the specs of those images")
            case keyword if keyword in _NO_EFFECT:
                note.not_needed.append(_NO_EFFECT[keyword])

    def _variables(self, stage: Stage, instruction: Instruction, values: Sequence[str | None]) -> None:
        # Moments keep what was before.
        stage.variables = dict(stage.variables)
        for (name, raw, _), value in zip(instruction.pairs(), values, strict=False):
            if instruction.keyword == "ENV":
                stage.environment.add(name)
                stage.variables[name] = value
                stage.exported = tuple(pair for pair in stage.exported if pair[0] != name)
                if value is None:
                    stage.exported += ((name, (raw or "").strip('"')),)
            elif name not in stage.environment:
                stage.variables[name] = value
        if instruction.keyword == "ARG":
            note = self._walk.note(instruction)
            unknown = [name for (name, _, _), value in zip(instruction.pairs(), values, strict=False) if value is None]
            if unknown and not set(unknown) <= set(AUTOMATIC):
                note.not_needed.append("an argument without a value; what needs it is reported by itself")
            else:
                note.not_needed.append("its value is written where it is used")


def _home_of(image: str) -> str:
    """The working directory of an image that AWS does not provide for functions, as far as it is known."""
    reference = image_reference(image)
    name = reference.repository if reference else ""
    if name.startswith("sam/build-"):
        return TASK
    return {"golang": "/go", "gradle": "/home/gradle"}.get(name.rpartition("/")[2], "/")
