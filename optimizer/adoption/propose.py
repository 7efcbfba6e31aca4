"""From what a walk has found to a spec, with an account of every instruction."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from optimizer.adoption.content import ECOSYSTEMS, Content
from optimizer.adoption.drafts import BuildDraft, CommandDraft, Draft, InstallDraft, Output
from optimizer.adoption.image import ImageSettings
from optimizer.adoption.java import one_module
from optimizer.adoption.nodejs_build import node_build, packages_taken
from optimizer.adoption.package_commands import WITHOUT_DEVELOPMENT
from optimizer.adoption.packages import SystemPackages
from optimizer.adoption.places import allowed
from optimizer.adoption.proposal import Account, NotCarried, Outcome, Proposal
from optimizer.adoption.scripted import caches, keeping, scripted
from optimizer.adoption.secrets import with_read_secrets
from optimizer.adoption.stages import Stages
from optimizer.adoption.tree import Entry, is_below
from optimizer.adoption.unlocked import unlocked
from optimizer.adoption.walk import COMPILED, TASK, Stage, Walk, is_manifest, tagged
from optimizer.adoption.workspaces import Workspaces
from optimizer.bases.mirror import Mirror
from optimizer.bases.recognise import lambda_base
from optimizer.bases.tools import Tools
from optimizer.dockerfile.instruction import Instruction
from optimizer.dockerfile.scope import AUTOMATIC
from optimizer.errors import DockerfileError, Fault, OptimizerError
from optimizer.linting.subjects import DockerfileSubject
from optimizer.locks.files import ProjectFiles
from optimizer.locks.local import LocalKind
from optimizer.model import steps
from optimizer.model.architectures import BY_NAME
from optimizer.model.fields import TARGET_ROOTS, FieldFault
from optimizer.model.function import DeclaredFunction
from optimizer.model.reference import ImageReference
from optimizer.model.spec import ImageSpec
from optimizer.toolchains.nodejs_package import lock_of
from optimizer.toolchains.registry import toolchain_of
from optimizer.toolchains.toolchain import ReadsLocks, StepContext, Target, local_faults

_LONGEST = 120
_KEEPS_PLACES = (steps.NodeDependencies, steps.RubyDependencies)
"""Steps that put the project's own packages where they stand beside the lock."""


def propose(
    subject: DockerfileSubject,
    *,
    directory: str,
    project: ProjectFiles,
    mirror: Mirror = Mirror(),  # noqa: B008 - an immutable value
    tools: Tools = Tools(),  # noqa: B008 - an immutable value
    function: DeclaredFunction | None = None,
    architecture: str | None = None,
    runtime: str | None = None,
    secrets: Mapping[str, str] | None = None,
) -> Proposal:
    """A spec for the image of the Dockerfile.

    ``directory`` is the build context as the project sees it, ``.`` for the
    project itself.  ``function`` is the one that runs the image, None for a
    Dockerfile by itself; ``secrets`` are the sources of build secrets by id, as
    ``docker build`` takes them.  ``architecture`` and ``runtime`` count where
    neither the function nor the base names them.

    Raises :class:`DockerfileError` if the text is not a Dockerfile, and
    :class:`SpecError` where no runtime is found.
    """
    if subject.problems or subject.final is None:
        problems = subject.problems
        faults = [Fault(item.message, f"{subject.path}:{item.span.start}", item.hint) for item in problems]
        raise DockerfileError(
            faults or [Fault(f'no stage is named "{subject.target}"', subject.path, "name a stage of the file as target")]
        )
    walk = Walk(subject, directory, project, mirror, secrets)
    Stages(walk).follow()
    return _Finish(walk, ImageSettings(walk, function, architecture, runtime), tools).proposal()


class _Finish:
    """Phase 3: the steps that make what stands in the last stage, and the accounts."""

    def __init__(self, walk: Walk, image: ImageSettings, tools: Tools) -> None:
        self._walk = walk
        self._image = image
        self._tools = tools
        self._places = image.places
        self._content = Content(walk, image.places)
        self._workspaces = Workspaces(walk, image.places)
        self._steps: list[tuple[Draft, steps.Step]] = []

    def proposal(self) -> Proposal:
        """Everything together."""
        walk, image = self._walk, self._image
        self._entries()
        SystemPackages(walk, image.own_base is not None).place()
        self._compiled_inputs()
        self._one_program()
        one_module(walk)
        self._other_manifests()
        environment = image.environment()
        labels = image.labels()
        handler = image.handler()
        image.workdirs()
        self._stages()
        self._workspaces.own_packages((TASK, *environment.get("PYTHONPATH", "").split(":")))
        self._build()
        used = [draft for draft, _ in self._steps]
        self._steps.sort(key=lambda item: (min((path.line for path in item[0].via), default=0), used.index(item[0])))
        self._name()
        titles = {id(draft): step.title for draft, step in self._steps}
        spec = ImageSpec(
            runtime=image.base.runtime,
            architecture=image.architecture,
            steps=[step for _, step in self._steps],
            environment=tuple(environment.items()),
            labels=tuple(labels.items()),
            base=image.own_base,
            snapstart=image.snapstart,
            allow=(image.base.runtime,) if image.base.status in ("preview", "retired") else (),
        )
        return Proposal(
            dockerfile=walk.subject.path,
            spec=spec,
            handler=handler,
            lines=tuple(tuple(sorted({path.line for path in draft.via})) for draft, _ in self._steps),
            accounts=tuple(self._account(instruction, titles) for instruction in walk.subject.dockerfile.instructions),
            not_carried=tuple(image.not_carried),
            remarks=tuple(image.remarks),
        )

    # What stands in the image

    def _entries(self) -> None:
        walk = self._walk
        sources: list[Entry] = []
        for entry in walk.last.tree.entries:
            if entry.draft is None:
                sources.append(entry)
                continue
            draft = entry.draft
            if isinstance(draft, CommandDraft) and not draft.run and not self._output(draft, entry):
                continue
            draft.used = True
            walk.carry(draft, entry.via)
        for stage in walk.stages.values():
            if stage.command is not None and stage.command.used:
                self._command_step(stage)
        self._content.steps_for(sources, self._brought())

    def _brought(self) -> dict[tuple[str, str], Draft]:
        """The packages of the project that steps bring with their locks, by their path in the project and in the image."""
        found: dict[tuple[str, str], Draft] = {}
        for draft in self._walk.drafts.values():
            if not isinstance(draft, InstallDraft) or not draft.used or draft.kind not in _KEEPS_PLACES:
                continue
            step, _ = self._step(draft)
            if step is None:
                continue
            toolchain = toolchain_of(step)
            for item in toolchain.local(step, self._context(step)) if isinstance(toolchain, ReadsLocks) else ():
                if item.kind is LocalKind.PACKAGE:
                    place = posixpath.relpath(item.path, posixpath.dirname(draft.lock) or ".")
                    found[item.path, posixpath.normpath(posixpath.join(TASK, place))] = draft
        return found

    def _output(self, draft: CommandDraft, entry: Entry) -> bool:
        path, exact = self._places.now(entry.path), entry.exact
        if self._image.program and self._image.program in (path, posixpath.join(path, posixpath.basename(entry.origin))):
            path, exact = "/var/runtime/bootstrap", True
        if path == "/" and not any(character in entry.origin for character in "*?["):
            self._walk.note(entry.via[-1]).remarks.append(f"of what lands in /, only {', '.join(TARGET_ROOTS)} are taken")
            draft.outputs.append(Output(origin=entry.origin, path=path, exact=exact))
            return True
        if not allowed(path):
            self._content.outside(entry, path)
            return False
        draft.outputs.append(Output(origin=entry.origin, path=path, exact=exact))
        return True

    def _command_step(self, stage: Stage) -> None:
        walk, draft = self._walk, stage.command
        assert draft is not None
        run, inputs, environment, secrets = scripted(walk, stage)
        run += [keeping(output.origin, output.path, output.exact) for output in draft.outputs]
        for name in [name for name, value in stage.variables.items() if value is None and name == "TARGETARCH"]:
            environment[name] = BY_NAME[self._image.architecture].oci
        image = stage.resolved.image or ""
        own = lambda_base(image, walk.mirror)
        draft.name = _slug(f"command-{stage.resolved.stage.name or 'build'}")
        draft.run = tuple(map(tuple, run))
        draft.inputs = tuple(inputs)
        draft.environment = tuple(sorted(environment.items()))
        draft.image = None if own is not None and own.base == self._image.base else tagged(image)
        draft.secrets = tuple(secrets)
        draft.cache = caches(stage)
        self._as_node_build(stage, draft)
        for instruction in (moment.instruction for moment in stage.moments):
            note = walk.note(instruction)
            if instruction.keyword in ("ADD", "COPY"):
                walk.carry(draft, [instruction])
            elif instruction.keyword in ("RUN", "ENV", "ARG", "WORKDIR", "SHELL"):
                walk.carry(draft, [instruction])
                if WITHOUT_DEVELOPMENT in note.remarks and not any(isinstance(item, InstallDraft) and item.used for item in note.carried):
                    note.remarks.remove(WITHOUT_DEVELOPMENT)
                # The commands run as they are written; what is wrong with them is no loss.
                note.remarks += [loss.message for loss in note.not_carried]
                note.not_carried.clear()
                note.not_needed.clear()
            if instruction.keyword == "ARG":
                self._without_value(instruction, stage.variables)
        walk.carry(draft, [stage.resolved.stage.start])

    def _as_node_build(self, stage: Stage, draft: CommandDraft) -> None:
        """Make the commands a step that builds, where that does the same and has no fault."""
        values = node_build(self._walk, stage, draft)
        if values is None:
            return
        built = replace(draft, kind=steps.NodeBuild, name=None, fields=tuple(values.items()))
        step, _ = self._step(built)
        if step is None:
            return
        draft.kind, draft.name, draft.fields = built.kind, built.name, built.fields
        if packages_taken(draft, posixpath.normpath(stage.workdir)):
            assert isinstance(step, steps.NodeBuild)
            lock = lock_of(step, self._context(step))
            assert lock is not None
            install = self._walk.draft((steps.NodeDependencies, lock, ()), InstallDraft(kind=steps.NodeDependencies, lock=lock))
            install.used = True
            self._walk.carry(install, [moment.instruction for moment in stage.moments if moment.instruction.keyword == "RUN"][:1])

    def _other_manifests(self) -> None:
        """Files that say what to install, but that the steps of their stage do not read."""
        walk = self._walk
        for stage in walk.stages.values():
            readers = [draft for draft in stage.drafts if draft.used and isinstance(draft, InstallDraft)]
            if not readers or (stage.command is not None and stage.command.used):
                continue
            locks = [draft.lock for draft in readers]
            ecosystems = {ECOSYSTEMS[draft.kind] for draft in readers}
            homes = {posixpath.dirname(lock) for lock in locks}
            for instruction, entry in stage.copied:
                source = entry.source or ""
                if entry.directory or not is_manifest(source, *ecosystems) or posixpath.dirname(source) in homes:
                    continue
                including = [draft for draft in readers if walk.mentions(draft.lock, source)]
                if including:
                    walk.carry(including[0], [instruction])
                elif not walk.note(instruction).carried:
                    walk.left(
                        instruction,
                        f'"{source}" is a manifest too, and the step reads {", ".join(locks)} only',
                        "lock its packages by themselves, and add a step for that lock",
                    )

    def _one_program(self) -> None:
        """A ``provided`` runtime starts one program, so a second one has no place."""
        programs = [draft for draft in self._walk.drafts.values() if draft.used and draft.kind in (steps.GoBuild, steps.RustBuild)]
        for draft in programs[1:]:
            draft.used = False
            for instruction in draft.via:
                self._walk.left(
                    instruction,
                    "an image holds one program, /var/runtime/bootstrap, and this Dockerfile builds more",
                    "make a spec for each function, or build the others in a command step",
                )

    def _without_value(self, instruction: Instruction, variables: Mapping[str, str | None]) -> None:
        for name, _, _ in instruction.pairs():
            if variables.get(name) is None and name not in AUTOMATIC:
                self._walk.left(
                    instruction,
                    f"the commands see no {name}, of which only the build knows the value",
                    "write it into build_arguments of the spec; whenever it changes, the commands run again",
                )

    def _compiled_inputs(self) -> None:
        """Files that a build reads, but that lie outside of what its step reads."""
        walk = self._walk
        for stage in walk.stages.values():
            if stage.command is not None and stage.command.used:
                continue
            for draft in stage.drafts:
                if not draft.used or not isinstance(draft, BuildDraft):
                    continue
                source = draft.source
                read = self._read_by(draft)
                for instruction, entry in stage.copied:
                    assert entry.source is not None
                    # Of a directory above, the step reads what the build files lead to.
                    if not any(_holds(path, entry.source) or _holds(entry.source, path) for path in read):
                        walk.left(
                            instruction,
                            f'"{entry.source}" is outside of "{source}", which the step builds',
                            "move it below, or name a source that holds both",
                        )

    def _read_by(self, draft: BuildDraft) -> list[str]:
        """The paths of the project that the stages of a step read."""
        step, _ = self._step(draft)
        if step is None:
            return [draft.source, "."]
        stages = toolchain_of(step).stages(step, self._context(step))
        return [draft.source, *(item.source for stage in stages for item in stage.inputs())]

    def _stages(self) -> None:
        """What is still to be said of stages."""
        walk = self._walk
        for index, stage in walk.stages.items():
            start = stage.resolved.stage.start
            makers = list(dict.fromkeys(draft for draft in stage.drafts if draft.used))
            if index not in walk.lineage:
                note = walk.note(start)
                if not note.carried:
                    built = any(draft.kind in COMPILED for draft in makers)
                    note.not_needed.append(
                        "the step has a builder of its own; its field builder names another"
                        if built
                        else "a build stage: steps have their own"
                    )
            elif stage.resolved.parent is not None:
                walk.note(start).not_needed.append("a stage of the image: steps have their own")
            own = {id(item) for item in stage.resolved.stage.instructions}
            contributes = makers or any(id(item) in own for entry in walk.last.tree.entries for item in entry.via)
            if stage.command is not None and stage.command.used:
                continue
            for instruction, what in stage.opaque:
                if contributes and index not in walk.lineage:
                    walk.left(
                        instruction,
                        f"{what}, and no step runs it",
                        "do its work before the build and commit it, or replace the step that needs it by a command step",
                    )

    # Steps

    def _build(self) -> None:
        walk = self._walk
        for draft in walk.drafts.values():
            if not draft.used:
                continue
            step, faults = self._step(draft)
            if step is not None:
                step = self._with_read_secrets(draft, step)
                if isinstance(draft, InstallDraft):
                    self._unlocked(draft)
                    self._workspaces.members_left(draft, step, self._context(step))
            if step is None:
                for instruction in draft.via:
                    for message, hint in faults:
                        walk.left(instruction, message, hint or "fix it, and run init again")
            else:
                self._steps.append((draft, step))

    def _unlocked(self, draft: InstallDraft) -> None:
        """Say so where a requirements file is no lock, and how it becomes one."""
        if draft.kind is steps.PythonDependencies and draft.lock.endswith(".txt"):
            said = unlocked(draft.lock, self._walk.read_text(draft.lock), self._target)
            if said is not None:
                self._walk.note(draft.via[-1]).remarks.append(said)

    def _step(self, draft: Draft) -> tuple[steps.Step | None, list[tuple[str, str]]]:
        """The step of the draft, or what is wrong with it."""
        faults: list[tuple[str, str]] = []
        known = {item.name: item.metadata["type"] for item in fields(draft.kind)}
        for name, value in draft.values().items():
            try:
                known[name].read(value)
            except FieldFault as fault:
                faults.append((fault.message, fault.hint))
        if faults:
            return None, faults
        step = _made(draft, {})
        toolchain = toolchain_of(step)
        base = self._image.base
        if toolchain.families and base.family not in toolchain.families:
            return None, [(f"a step of {step.kind} does not work with {base.runtime}", f"use a runtime of {', '.join(toolchain.families)}")]
        context = self._context(step)
        try:
            found = list(toolchain.check(step, context))
            if not found and isinstance(toolchain, ReadsLocks):
                found = list(local_faults(toolchain.local(step, context), context))
            if not found:
                toolchain.stages(step, context)
        except OptimizerError as error:
            found = list(error.faults)
        return (step, []) if not found else (None, [(fault.message, fault.hint) for fault in found])

    @property
    def _target(self) -> Target:
        base, own = self._image.base, self._image.own_base
        image = ImageReference.parse(str(own)) if own is not None else base.reference
        return Target(base=base, image=image, architecture=self._image.architecture, tools=self._tools)

    def _context(self, step: steps.Step) -> StepContext:
        return StepContext(name=step.title, stability=step.default_stability, target=self._target, project=self._walk.project)

    def _with_read_secrets(self, draft: Draft, step: steps.Step) -> steps.Step:
        """The step with the build secrets that its installer reads; of the others, the instructions that mount secrets tell."""
        step, remarks, lost = with_read_secrets(step, self._context(step))
        for instruction in draft.via:
            if any(flag.name == "mount" and flag.fields().get("type") == "secret" for flag in instruction.flags):
                self._walk.note(instruction).remarks.extend(remarks)
                for fault in lost:
                    self._walk.left(instruction, fault.message, fault.hint)
        return step

    def _name(self) -> None:
        """Give steps of one derived name their own."""
        taken: set[str] = set()
        for position, (draft, step) in enumerate(self._steps):
            name = step.title
            if name in taken or name in ("base", "build-base", "scratch"):
                path = draft.origin
                base = name = _slug(f"{step.kind}-{path}") if path else step.title
                number = 2
                while name in taken:
                    name, number = f"{base}-{number}", number + 1
                step = _made(draft, {"name": name})
                self._steps[position] = (draft, step)
            taken.add(name)
        titles = {id(draft): step.title for draft, step in self._steps}
        for position, (draft, step) in enumerate(self._steps):
            earlier = tuple(titles[id(other)] for other in draft.after if id(other) in titles)
            if earlier:
                self._steps[position] = (draft, replace(step, after=earlier))

    # Accounts

    def _account(self, instruction: Instruction, titles: Mapping[int, str]) -> Account:
        walk = self._walk
        note = walk.notes.get(id(instruction))
        text = " ".join(instruction.source.text.split())
        account = Account(
            line=instruction.line,
            end_line=instruction.span.end.line,
            text=text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…",
            outcome=Outcome.NOT_NEEDED,
        )
        if note is None:
            in_stage = next((s for s in walk.subject.resolved.stages if instruction in (s.stage.start, *s.stage.instructions)), None)
            why = f"{in_stage.stage.title} is not part of the image" if in_stage else "its value is written where it is used"
            return replace(account, remarks=(why,))
        names = [item if isinstance(item, str) else titles.get(id(item), "") for item in note.carried]
        into = tuple(dict.fromkeys(name for name in names if name))
        remarks = tuple(dict.fromkeys(note.remarks))
        if note.not_carried:
            return replace(account, outcome=Outcome.NOT_CARRIED, into=into, remarks=remarks, not_carried=tuple(note.not_carried))
        if into:
            return replace(account, outcome=Outcome.CARRIED, into=into, remarks=remarks)
        if note.not_needed:
            return replace(account, remarks=tuple(dict.fromkeys(note.not_needed)))
        if not self._of_image(instruction):
            return replace(account, remarks=("nothing that the image takes from its stage needs it",))
        loss = NotCarried("no step takes it over", "look whether the image needs it, and write a step for it")
        return replace(account, outcome=Outcome.NOT_CARRIED, not_carried=(loss,))

    def _of_image(self, instruction: Instruction) -> bool:
        return any(item is instruction for stage in self._walk.subject.final_stages for item in stage.stage.instructions)


def _holds(directory: str, path: str) -> bool:
    return directory in (".", path) or is_below(path, directory)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _made(draft: Draft, values: Mapping[str, Any]) -> steps.Step:
    """The step of the draft; ``values`` win over its own."""
    fields_of: dict[str, Any] = {**draft.values(), **values}
    return draft.kind(**fields_of)
