"""One pass over the stages of a Dockerfile: what stands where at their ends, and what each instruction was for.

Phases
    1. every stage that the image needs is followed, instruction by instruction,
       with a :class:`~optimizer.adoption.tree.Tree` in place of a file system
    2. a COPY from a stage moves entries; where the stage ran commands whose
       work cannot be told, the whole stage becomes one command step
    3. what stands in the tree of the last stage is what the steps must make
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from optimizer.adoption import commands as acts
from optimizer.adoption.proposal import Gap
from optimizer.adoption.tree import Draft, Entry, Tree, is_below, rebased
from optimizer.bases.mirror import Mirror
from optimizer.bases.recognise import image_reference, lambda_base, lambda_environment
from optimizer.dockerfile.instruction import Flag, Instruction
from optimizer.dockerfile.scope import ResolvedStage, absolute
from optimizer.dockerfile.shell import Command as ShellCommand
from optimizer.dockerfile.words import UnknownVariable, WordFault, expand
from optimizer.errors import OptimizerError
from optimizer.lint.copies import manifests
from optimizer.lint.subjects import DockerfileSubject
from optimizer.model import steps
from optimizer.model.fields import TARGET_ROOTS
from optimizer.model.plan import TREE
from optimizer.model.secret import BuildSecret
from optimizer.toolchains import ProjectFiles

TASK = "/var/task"
_ARCHIVE = re.compile(r".*\.(?:tar|tar\.(?:gz|bz2|xz|zst)|tgz|tbz2?|txz)")
_LOOSE = re.compile(r"[A-Za-z0-9][\w.-]*(?=(?:\[[^\]]*\])?\s*(?:[<>~!;#].*)?$)(?!.*==)")
"""A requirement without one version."""
_INDEX_GIVEN = re.compile(r"(?<![\w$])(\w*INDEX_URL|npm_config_registry|NPM_CONFIG_REGISTRY)=")
_WORKSPACES = (
    ("package.json", r'"workspaces"\s*:'),
    ("pnpm-workspace.yaml", r"^packages\s*:"),
    ("pyproject.toml", r"^\[tool\.uv\.workspace\]"),
)
_RUST_PROGRAM = re.compile(r".*/release/(?P<name>[\w-]+)|.*/lambda/(?P<other>[\w-]+)/bootstrap")
_TOOL_FILES = frozenset(["uv", "uvx", "poetry", "pipenv", "pnpm", "yarn", "cargo-lambda", "bun"])
_NO_EFFECT = {
    "EXPOSE": "a function has no ports",
    "HEALTHCHECK": "Lambda checks no health",
    "MAINTAINER": "it is a label of old; say it in labels",
    "STOPSIGNAL": "Lambda sends its own signals",
    "VOLUME": "Lambda mounts no volumes, and its file system is read-only outside /tmp",
}
_BUILDS: dict[str, type[steps.Step]] = {
    "go": steps.GoBuild,
    "rust": steps.RustBuild,
    "dotnet": steps.DotnetBuild,
    "java": steps.JavaBuild,
}
_DEPENDENCIES: dict[str, type[steps.Step]] = {
    "python": steps.PythonDependencies,
    "nodejs": steps.NodeDependencies,
    "ruby": steps.RubyDependencies,
}
_TARGETS = {"python": ("PIP_TARGET", "UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV"), "nodejs": (), "ruby": ("BUNDLE_PATH",)}
"""Variables that say where packages land."""
COMPILED = tuple(_BUILDS.values())


@dataclass(slots=True)
class Note:
    """What is known of one instruction so far."""

    carried: list[Draft | str] = field(default_factory=list)
    needless: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Moment:
    """An instruction, and what holds just before it.

    ``exported`` are variables whose values only the base knows, with their raw
    texts.
    """

    instruction: Instruction
    workdir: str
    variables: Mapping[str, str | None]
    exported: tuple[tuple[str, str], ...]
    shell: tuple[str, ...]


@dataclass(slots=True)
class Stage:
    """A stage in the state that its instructions have led to."""

    resolved: ResolvedStage
    tree: Tree
    variables: dict[str, str | None]
    environment: set[str]
    exported: tuple[tuple[str, str], ...] = ()
    opaque: list[tuple[Instruction, str]] = field(default_factory=list)
    foreign: bool = False
    """Whether it holds files of which a command step could not say where they are from."""
    copied: list[tuple[Instruction, Entry]] = field(default_factory=list)
    """What came from the build context."""
    drafts: list[Draft] = field(default_factory=list)
    packages: list[tuple[Instruction, str, tuple[str, ...]]] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    """Its own instructions and its ancestors'."""
    workdir: str = "/"
    shell: tuple[str, ...] = ("sh", "-c")
    command: Draft | None = None


class Walk:
    """The pass.  ``directory`` is the context as the project sees it, ``.`` for the project itself."""

    def __init__(
        self,
        subject: DockerfileSubject,
        directory: str,
        project: ProjectFiles,
        mirror: Mirror = Mirror(),  # noqa: B008 - an immutable value
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        self.subject = subject
        self.directory = directory
        self.project = project
        self.mirror = mirror
        self.secrets = secrets or {}
        self.notes: dict[int, Note] = {}
        self.stages: dict[int, Stage] = {}
        self.drafts: dict[object, Draft] = {}
        assert subject.final is not None
        self.final = subject.final
        self.lineage = frozenset(subject.resolved.lineage(subject.final))
        for index in sorted(subject.resolved.needed(subject.final)):
            self._stage(index)

    @property
    def last(self) -> Stage:
        """The stage that is the image."""
        return self.stages[self.final]

    def note(self, instruction: Instruction) -> Note:
        """The note of the instruction."""
        return self.notes.setdefault(id(instruction), Note())

    def kind(self, path: str) -> str | None:
        """What the project has at the path; nothing where a link leaves it."""
        try:
            return self.project.kind(path)
        except OptimizerError:
            return None

    def mentions(self, path: str, other: str) -> bool:
        """Whether a file of the project names another, as requirements files include one another."""
        try:
            return posixpath.relpath(other, posixpath.dirname(path) or ".") in self.project.read_text(path)
        except OptimizerError:
            return False

    def carry(self, draft: Draft, via: Iterable[Instruction]) -> None:
        """Say that the draft carries the instructions."""
        for instruction in via:
            carried = self.note(instruction).carried
            if draft not in carried:
                carried.append(draft)
            if instruction not in draft.via:
                draft.via.append(instruction)

    def left(self, instruction: Instruction, message: str, by_hand: str) -> None:
        """Say that something of the instruction is lost."""
        gap = Gap(message, by_hand)
        if gap not in self.note(instruction).gaps:
            self.note(instruction).gaps.append(gap)

    def draft(self, key: object, kind: type[steps.Step], values: dict[str, object]) -> Draft:
        """The draft of the key; a new one when there is none."""
        if key not in self.drafts:
            self.drafts[key] = Draft(kind, dict(values))
        return self.drafts[key]

    # Phase 1: one stage

    def _stage(self, index: int) -> None:
        resolved = self.subject.resolved.stages[index]
        parent = self.stages.get(resolved.parent) if resolved.parent is not None else None
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
                packages=[] if index in self.lineage else list(parent.packages),
                moments=list(parent.moments),
                workdir=parent.workdir,
                shell=parent.shell,
            )
        else:
            base = lambda_base(resolved.image or "", self.mirror)
            house = base is None and is_house(resolved.image)
            known: dict[str, str | None] = dict(lambda_environment(base)) if base else {}
            if house:
                known = {"LAMBDA_TASK_ROOT": TASK, "LAMBDA_RUNTIME_DIR": "/var/runtime"}
            stage = Stage(
                resolved=resolved,
                tree=Tree(directories=[TASK, "/var/runtime"]),
                variables=known,
                environment=set(known),
                workdir=TASK if base or house else _home_of(resolved.image or ""),
            )
        self.stages[index] = stage
        self.note(resolved.stage.start)
        for instruction, values in zip(resolved.stage.instructions, resolved.expanded, strict=True):
            self.note(instruction)
            stage.moments.append(Moment(instruction, stage.workdir, stage.variables, stage.exported, stage.shell))
            self._instruction(index, stage, instruction, self._values(stage, instruction, values), stage.workdir)

    def _values(self, stage: Stage, instruction: Instruction, values: Sequence[str | None]) -> tuple[str | None, ...]:
        """The values, also those that depend on what only a house's base says."""
        if None not in values or instruction.keyword == "ARG":
            return tuple(values)
        if instruction.keyword in ("ENV", "LABEL"):
            raws = [raw or "" for _, raw, _ in instruction.pairs()]
        else:
            raws = list(instruction.json) if instruction.json is not None else [word.text for word in instruction.words]
        return tuple(_expanded(raw, stage.variables) if value is None else value for raw, value in zip(raws, values, strict=True))

    def _instruction(self, index: int, stage: Stage, instruction: Instruction, values: Sequence[str | None], workdir: str) -> None:
        note, final = self.note(instruction), index in self.lineage
        match instruction.keyword:
            case "ARG" | "ENV":
                self._variables(stage, instruction, values)
            case "RUN":
                self._run(index, stage, instruction, workdir)
            case "ADD" | "COPY":
                self._copy(index, stage, instruction, values, workdir)
            case "WORKDIR":
                if values and values[0] is not None and (path := absolute(values[0], workdir)):
                    stage.tree.directories.add(path)
                    stage.workdir = path
                elif final:
                    self.left(
                        instruction, "the working directory depends on what only the build knows", "write it as it is, and run init again"
                    )
                if not final:
                    note.needless.append("a directory of a build stage")
            case "SHELL":
                stage.shell = instruction.json or stage.shell
                note.needless.append("steps run no shell of the image")
            case "USER":
                if final:
                    note.needless.append("Lambda runs every image as a user of its own")
                else:
                    note.needless.append("the user of a build stage")
            case "ONBUILD":
                self.left(instruction, "only images that are built from this one run it", "declare it in the specs of those images")
            case keyword if keyword in _NO_EFFECT:
                note.needless.append(_NO_EFFECT[keyword])

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
            note = self.note(instruction)
            unknown = [name for (name, _, _), value in zip(instruction.pairs(), values, strict=False) if value is None]
            if unknown and not any(name.startswith(("TARGET", "BUILD")) for name in unknown):
                note.needless.append("an argument without a value; what needs it is told apart")
            else:
                note.needless.append("its value stands where it is used")

    # Phase 1: RUN

    def _run(self, index: int, stage: Stage, instruction: Instruction, workdir: str) -> None:
        final = index in self.lineage
        self._mounts(index, stage, instruction, workdir)
        if any(heredoc.body.text.startswith("#!") for heredoc in instruction.heredocs) and not self.subject.commands(instruction):
            self._opaque(stage, instruction, "a script of another language", final)
            return
        text = "\n".join([instruction.arguments, *(heredoc.content for heredoc in instruction.heredocs)])
        cwd = workdir
        found = self.subject.commands(instruction)
        told = False
        if not found:
            self.note(instruction).needless.append("it runs nothing")
        for command in found:
            words = self._words(stage, command)
            if command.program in ("sh", "bash", "ash", "dash") and any(re.fullmatch(r"-[a-z]*c", word) for word in words):
                continue
            action = acts.understand(ShellCommand(words, command.source, command.places), text)
            told = told or isinstance(action, (acts.Opaque, acts.Export))
            cwd = self._act(index, stage, instruction, action, cwd)
        if acts.redirects(text) and not told:
            self._opaque(stage, instruction, "it writes a file by redirection", final)

    def _words(self, stage: Stage, command: ShellCommand) -> tuple[str, ...]:
        """The words with the variables that are known; the others stay as they are written."""
        return tuple((_expanded(word, stage.variables) if "$" in word else None) or word for word in command.words)

    def _act(self, index: int, stage: Stage, instruction: Instruction, action: acts.Action, cwd: str) -> str:
        note, final, tree = self.note(instruction), index in self.lineage, stage.tree
        match action:
            case acts.Needless():
                if action.why not in note.needless:
                    note.needless.append(action.why)
            case acts.Lost():
                for gap in action.gaps:
                    self.left(instruction, gap.message, gap.by_hand)
            case acts.ChangeDirectory():
                note.needless.append("it changes nothing in the image")
                return absolute(action.path, cwd) or cwd
            case acts.MakeDirectories():
                tree.directories.update(path for item in action.paths if (path := absolute(item, cwd)))
                note.needless.append("directories come with what is put into them")
            case acts.Copy():
                self._moved(stage, instruction, action, cwd, final)
            case acts.Remove():
                self._removed(stage, instruction, action, cwd, final)
            case acts.Executable():
                self._executable(stage, instruction, action, cwd, final)
            case acts.Make():
                self._made(stage, instruction, action, cwd, final)
            case acts.System():
                stage.packages.append((instruction, action.tool, action.packages))
            case acts.Dependencies():
                self._dependencies(stage, instruction, action, cwd)
            case acts.Export():
                self._exported(stage, instruction, action, cwd)
            case acts.Build():
                self._built(stage, instruction, action, cwd)
            case acts.Opaque():
                self._opaque(stage, instruction, action.what, final)
        return cwd

    def _opaque(self, stage: Stage, instruction: Instruction, what: str, final: bool) -> None:
        if final:
            by_hand = f"make it a command step that writes under {TREE}{TASK} or {TREE}/opt what the image needs, or do without it"
            # One advice is enough for a whole pipeline.
            if not any(gap.by_hand == by_hand for gap in self.note(instruction).gaps):
                self.left(instruction, what, by_hand)
        else:
            stage.opaque.append((instruction, what))

    def _moved(self, stage: Stage, instruction: Instruction, action: acts.Copy, cwd: str, final: bool) -> None:
        target = absolute(action.target, cwd)
        for item in action.sources:
            source = absolute(item.removesuffix("/."), cwd)
            found = stage.tree.find(source, self.kind) if source else []
            if target is None or source is None or not found:
                self._opaque(stage, instruction, f'where "{item}" comes from cannot be told', final)
                continue
            merges = item.endswith("/.") or any(character in item for character in "*?[")
            into = target if merges or not stage.tree.is_directory(target) else posixpath.join(target, posixpath.basename(source))
            for relative, entry in found:
                path = posixpath.normpath(posixpath.join(into, relative))
                if not entry.directory and merges and not relative:
                    path = posixpath.join(target, posixpath.basename(entry.path))
                stage.tree.put(replace(entry, path=path, via=(*entry.via, instruction)))
            self.note(instruction).needless.append("the steps put files in their places")

    def _made(self, stage: Stage, instruction: Instruction, action: acts.Make, cwd: str, final: bool) -> None:
        path = absolute(action.path, cwd)
        if path and action.before == ("touch",) and stage.tree.find(path, self.kind):
            self.note(instruction).needless.append(acts.ONE_TIME)
        elif (
            path is None
            or action.path.endswith("/")
            or stage.tree.is_directory(path)
            or not any(is_below(path, top) for top in TARGET_ROOTS)
        ):
            shown = " ".join((*action.before, action.path))
            self._opaque(stage, instruction, f'what "{shown[:60]}" makes is no file where steps may put some', final)
        elif final:
            self._make_file(stage, instruction, action.before, path, action.after)
        else:
            stage.opaque.append((instruction, f'"{action.before[0]}" makes {path}'))

    def _make_file(self, stage: Stage, instruction: Instruction, before: tuple[str, ...], path: str, after: tuple[str, ...]) -> None:
        """A command step that makes one file of the image, as the instruction did."""
        run = (("mkdir", "-p", f"{TREE}{posixpath.dirname(path)}"), (*before, f"{TREE}{path}", *after))
        name = re.sub(r"[^a-z0-9]+", "-", f"command-{posixpath.basename(path)}".lower()).strip("-")
        values: dict[str, object] = {"name": name, "run": run, **({"build_packages": ("wget",)} if before[0] == "wget" else {})}
        draft = self.draft(("make", id(instruction), path), steps.Command, values)
        self._see_secrets(draft, instruction)
        stage.tree.put(Entry(path=path, directory=False, draft=draft, via=(instruction,)))
        if before[0] in ("curl", "wget"):
            self.note(instruction).remarks.append("nothing checks what is fetched: the layer is what the server sends that day")

    def _removed(self, stage: Stage, instruction: Instruction, action: acts.Remove, cwd: str, final: bool) -> None:
        for item in action.paths:
            path = absolute(item, cwd)
            found = stage.tree.find(path, self.kind) if path and "$" not in item else []
            held = [entry for relative, entry in found if not relative and entry.source is not None and not entry.directory]
            if path and re.match(r"/(?:tmp|var/cache|var/log|var/tmp|root/\.\w+|var/lib/(?:apt|dnf|rpm|yum))(?:/|$)", path):
                self.note(instruction).needless.append("caches and temporary files never reach the image")
            elif path and found and len(held) == len(found) and all(entry.path == path for entry in held):
                stage.tree.entries = [entry for entry in stage.tree.entries if entry not in held]
                self.note(instruction).needless.append("the files are not in the image anyway")
            elif path and any(word in item for word in ("cache", ".npm", "__pycache__", ".pyc", "dist-info")):
                self.note(instruction).needless.append("caches and byte-code of the build never reach the image")
            elif final or found:
                message = f'"{item}" is taken out again'
                by_hand = (
                    "leave it out with exclude of the step that copies it, or with slim of the step that installs it"
                    if found
                    else "do without it: what the base brings stays in its layers anyway"
                )
                if final:
                    self.left(instruction, message, by_hand)
                else:
                    stage.opaque.append((instruction, message))
            else:
                self.note(instruction).needless.append("it concerns a build stage alone")

    def _executable(self, stage: Stage, instruction: Instruction, action: acts.Executable, cwd: str, final: bool) -> None:
        for item in action.paths:
            path = absolute(item, cwd)
            found = stage.tree.find(path, self.kind) if path else []
            files = [entry for _, entry in found if entry.source is not None and not entry.directory]
            commands = [entry.draft for _, entry in found if entry.draft is not None and "run" in entry.draft.values]
            for draft in commands:
                draft.values["run"] = (*draft.values["run"], ("chmod", "+x", f"{TREE}{path}"))
                self.carry(draft, [instruction])
            if commands:
                continue
            if path and (stage.tree.is_directory(path) and not files):
                self.note(instruction).needless.append("directories can be read and searched by everyone")
            elif found and not files:
                self.note(instruction).needless.append("what a step builds is executable already")
            elif path and is_below(path, "/opt/extensions"):
                self.note(instruction).needless.append("an extension is always executable")
            elif final or files:
                name = files[0].source if files else item
                self.left(instruction, f'"{item}" is made executable', f"commit the file with its mode: git update-index --chmod=+x {name}")
            else:
                self.note(instruction).needless.append("it concerns a build stage alone")

    def _dependencies(self, stage: Stage, instruction: Instruction, action: acts.Dependencies, cwd: str) -> None:
        for gap in action.gaps:
            self.left(instruction, gap.message, gap.by_hand)
        if match := _INDEX_GIVEN.search(instruction.arguments):
            self.left(instruction, f"{match[1]} says where packages come from", "set index_url or registry of the step")
        self.note(instruction).remarks += action.remarks
        kind = _DEPENDENCIES[action.ecosystem]
        locks = self._locks(stage, instruction, action, cwd)
        for lock, via in locks:
            values = {"lock": lock, **dict(action.values)}
            draft = self.draft((kind, tuple(sorted(values.items(), key=str))), kind, values)
            if draft not in stage.drafts:
                stage.drafts.append(draft)
            self._see_secrets(draft, instruction)
            self._workspace(instruction, lock)
            said = [stage.variables.get(name) for name in _TARGETS[action.ecosystem]]
            for target in (*action.targets, *filter(None, said)):
                if path := absolute(target, cwd):
                    stage.tree.put(Entry(path=path, directory=True, draft=draft, via=(*via, instruction)))

    def _see_secrets(self, draft: Draft, instruction: Instruction) -> None:
        secrets = self.secrets_of(instruction)
        if secrets:
            draft.values["secrets"] = tuple(dict.fromkeys((*draft.values.get("secrets", ()), *secrets)))

    def _locks(
        self, stage: Stage, instruction: Instruction, action: acts.Dependencies, cwd: str
    ) -> list[tuple[str, tuple[Instruction, ...]]]:
        """The locks in the project, each with the instructions that brought it into the stage."""
        found: list[tuple[str, tuple[Instruction, ...]]] = []
        if action.ecosystem == "python" and not action.how:
            for file in action.files:
                path = absolute(file, cwd)
                entry = stage.tree.file(path, self.kind) if path else None
                if entry is None or entry.source is None:
                    self.left(
                        instruction,
                        f'no file of the project is known at "{file}", which says what to install',
                        "put the file into the project, copy it, and run init again",
                    )
                else:
                    found.append((entry.source, entry.via))
                    self._unlocked(instruction, entry.source)
            return found
        manifest = {"python": ("pyproject.toml", "Pipfile"), "nodejs": ("package.json",), "ruby": ("Gemfile",)}[action.ecosystem]
        for file in action.files:
            directory, name = posixpath.split(absolute(file, cwd) or "/")
            for other in (name, *manifest):
                entry = stage.tree.file(posixpath.join(directory, other), self.kind)
                if entry is None or entry.source is None:
                    continue
                lock = posixpath.join(posixpath.dirname(entry.source), name)
                # A lock may lie beside its manifest, though the Dockerfile takes no notice of it.
                if self.kind(lock) == "file":
                    beside = [stage.tree.file(posixpath.join(directory, more), self.kind) for more in (name, *manifest)]
                    via = [item for held in beside if held for item in held.via]
                    return [(lock, tuple(dict.fromkeys(via)))]
        names = " or ".join(posixpath.basename(file) for file in action.files)
        self.left(
            instruction,
            f"there is no {names}, so nothing says which versions to install",
            f"make it with {action.how}, commit it, and run init again",
        )
        return found

    def _workspace(self, instruction: Instruction, lock: str) -> None:
        """Say so where the lock is that of several packages, of whose manifests a step reads one."""
        for name, sign in _WORKSPACES:
            path = posixpath.join(posixpath.dirname(lock), name)
            try:
                text = self.project.read_text(path) if self.kind(path) == "file" else ""
            except OptimizerError:
                text = ""
            if re.search(sign, text, re.MULTILINE):
                self.left(
                    instruction,
                    f'"{path}" is that of a workspace, and the step reads none of the other packages\' manifests',
                    "lock the function's own package by itself, in its directory, and name that lock",
                )

    def _unlocked(self, instruction: Instruction, requirements: str) -> None:
        """Say so where a requirements file is no lock, and how it becomes one."""
        try:
            text = self.project.read_text(requirements)
        except OptimizerError:
            return
        loose = [match[0] for line in text.splitlines() if (match := _LOOSE.match(line.strip()))]
        if loose and "--hash=" not in text:
            more = f" and {len(loose) - 3} more" if len(loose) > 3 else ""
            self.note(instruction).remarks.append(
                f"{requirements} gives no version of {', '.join(loose[:3])}{more}: "
                f"uv pip compile --generate-hashes --output-file LOCK {requirements} makes a lock of it"
            )

    def _exported(self, stage: Stage, instruction: Instruction, action: acts.Export, cwd: str) -> None:
        lock, output = absolute(action.lock, cwd), absolute(action.output, cwd)
        entry = stage.tree.file(lock, self.kind) if lock else None
        if entry is None or output is None:
            self.left(instruction, f"there is no {action.lock} to export", f"make {action.lock}, commit it, and run init again")
            return
        stage.tree.put(replace(entry, path=output, via=(*entry.via, instruction)))
        self.note(instruction).needless.append(f"the step reads {action.lock} itself")

    def _built(self, stage: Stage, instruction: Instruction, action: acts.Build, cwd: str) -> None:
        for gap in action.gaps:
            self.left(instruction, gap.message, gap.by_hand)
        if action.ecosystem == "go" and ("CGO_ENABLED=1" in instruction.arguments or stage.variables.get("CGO_ENABLED") == "1"):
            self.left(instruction, "the step builds without cgo", "do without what needs a C compiler, or build with a command step")
        source, manifest = self._project_of(stage, action, cwd)
        if source is None:
            names = " or ".join(posixpath.basename(name) for name in action.manifests)
            final = stage.resolved.stage.index in self.lineage
            self._opaque(stage, instruction, f"no {names} of the project is known in {cwd}", final)
            return
        values: dict[str, object] = {"source": source, **dict(action.values)}
        if action.ecosystem == "dotnet" and posixpath.basename(manifest) != manifest:
            values["project"] = manifest
        if action.ecosystem == "rust" and "binary" not in values:
            values["binary"] = self._binary(source)
        if values.get("package") == ".":
            del values["package"]
        kind = _BUILDS[action.ecosystem]
        draft = self.draft((kind, source, tuple(values.get(name) for name in ("package", "binary", "project"))), kind, values)
        if draft not in stage.drafts:
            stage.drafts.append(draft)
        inputs = [item for entry in stage.tree.entries if entry.source is not None for item in entry.via]
        via = tuple(dict.fromkeys((*inputs, instruction)))
        self._see_secrets(draft, instruction)
        for output in (*action.outputs, *filter(None, [stage.variables.get("CARGO_TARGET_DIR") if action.ecosystem == "rust" else None])):
            if path := absolute(output, cwd):
                directory = action.ecosystem != "go"
                if not directory and (output == "." or stage.tree.is_directory(path)):
                    path = posixpath.join(path, posixpath.basename(source if source != "." else "main"))
                    stage.tree.put(Entry(path=posixpath.dirname(path), directory=True, draft=draft, via=via))
                stage.tree.put(Entry(path=path, directory=directory, draft=draft, via=via))

    def _project_of(self, stage: Stage, action: acts.Build, cwd: str) -> tuple[str | None, str]:
        """The directory of the project that is built, and its manifest as that sees it."""
        for name in action.manifests:
            path = absolute(name, cwd)
            for relative, entry in stage.tree.find(path, self.kind) if path else ():
                if entry.source is None:
                    continue
                if not entry.directory:
                    manifest = name if action.ecosystem == "dotnet" and "*" not in name else posixpath.basename(entry.source)
                    top = entry.source.removesuffix(posixpath.normpath(manifest)).rstrip("/") or "."
                    return top, posixpath.normpath(manifest)
                if action.ecosystem == "dotnet" and not relative:
                    return (
                        (entry.source, ".") if "*" in name else (posixpath.dirname(entry.source) or ".", posixpath.basename(entry.source))
                    )
        if action.ecosystem == "dotnet":
            for _, entry in stage.tree.find(cwd, self.kind):
                if entry.source is not None and entry.directory and entry.path == cwd:
                    return entry.source, "."
        return None, ""

    def _binary(self, source: str) -> str:
        """The name of the only binary of a Rust package."""
        try:
            text = self.project.read_text(posixpath.join(source, "Cargo.toml"))
        except OptimizerError:
            return "bootstrap"
        match = re.search(r"\[\[bin\]\][^\[]*?\bname\s*=\s*\"([^\"]+)\"", text) or re.search(
            r"\[package\][^\[]*?\bname\s*=\s*\"([^\"]+)\"", text
        )
        return match[1] if match else "bootstrap"

    def _mounts(self, index: int, stage: Stage, instruction: Instruction, workdir: str) -> None:
        for flag in instruction.flags:
            if flag.name != "mount":
                if flag.name == "network" or flag.name == "security":
                    self.note(instruction).remarks.append(f"--{flag.name} is not passed on")
                continue
            fields = flag.fields()
            kind, target = fields.get("type", "bind"), fields.get("target") or fields.get("dst") or fields.get("destination") or ""
            path = absolute(target, workdir)
            if kind == "ssh":
                self.left(instruction, "it uses keys of ssh", "fetch over HTTPS with a build secret, or vendor what it fetches")
            elif kind == "bind" and path:
                source = fields.get("source") or fields.get("src") or "."
                if "from" in fields:
                    if posixpath.basename(target) not in _TOOL_FILES:
                        self._from_stage(index, stage, instruction, fields["from"], source, path, exact=True)
                else:
                    self._from_context(stage, instruction, source, path, exact=True)

    def secrets_of(self, instruction: Instruction) -> tuple[BuildSecret, ...]:
        """The build secrets that a RUN mounts; where they come from is the app's word, or a guess."""
        found = []
        for flag in instruction.flags:
            fields = flag.fields() if flag.name == "mount" else {}
            if fields.get("type") != "secret":
                continue
            target = fields.get("target") or fields.get("dst") or fields.get("destination")
            name = fields.get("id") or posixpath.basename(target or "") or "secret"
            found.append(self._secret(instruction, name, fields.get("env"), target))
        return tuple(found)

    def _secret(self, instruction: Instruction, name: str, variable: str | None, target: str | None) -> BuildSecret:
        given = dict(part.partition("=")[::2] for part in self.secrets.get(name, "").split(","))
        file = given.get("src") or given.get("source")
        source = given.get("env")
        if not file and not source:
            if variable or not target:
                source = variable or re.sub(r"\W", "_", name).upper()
            else:
                file = posixpath.basename(target)
            self.note(instruction).remarks.append(
                f'the Dockerfile does not say where the build gets the secret "{name}": '
                f"{f'from_env = {source}' if source else f'from_file = {file}'} is a guess"
            )
        return BuildSecret(name, from_env=source, from_file=None if source else file, to_env=variable, to_file=None if variable else target)

    # Phases 1 and 2: COPY and ADD

    def _copy(self, index: int, stage: Stage, instruction: Instruction, values: Sequence[str | None], workdir: str) -> None:
        final = index in self.lineage
        texts = [word.text for word in instruction.words] if instruction.json is None else list(instruction.json)
        if instruction.heredocs or any(text.startswith("<<") for text in texts):
            self.left(instruction, "a file stands in the Dockerfile", "put it into the project, and copy it from there")
            stage.foreign = True
            return
        if len(values) < 2 or values[-1] is None or None in values:
            self.left(
                instruction,
                "a build argument or a variable without a value names what is copied",
                "give the argument a default, and run init again",
            )
            stage.foreign = True
            return
        target = absolute(values[-1], workdir)
        if target is None:
            self.left(instruction, "where the files go cannot be told", "write an absolute path, and run init again")
            return
        into = values[-1].endswith(("/", "/.")) or values[-1] == "." or len(values) > 2 or stage.tree.is_directory(target)
        self._copy_flags(instruction, [str(value) for value in values[:-1]], final)
        origin = instruction.flag("from")
        for value in values[:-1]:
            assert value is not None
            if origin is not None:
                if posixpath.basename(value) in _TOOL_FILES:
                    self.note(instruction).needless.append("the optimizer brings its own installer")
                else:
                    self._from_stage(index, stage, instruction, origin.value or "", value, target, exact=not into)
            elif re.match(r"https?://", value) and final and not into and any(is_below(target, top) for top in TARGET_ROOTS):
                self._fetched(stage, instruction, value, target)
            elif re.match(r"(?:https?|ftp|git|ssh)://|git@", value):
                self.left(
                    instruction,
                    f'"{value}" is fetched when the image is built',
                    "fetch it once and commit it, or fetch it in a command step that checks its checksum",
                )
                stage.foreign = True
            elif instruction.keyword == "ADD" and _ARCHIVE.fullmatch(value):
                self.left(
                    instruction, f'ADD unpacks "{value}"', f'unpack it in a command step: ["tar", "-xf", "{value}", "-C", "{TREE}{target}"]'
                )
                stage.foreign = True
            else:
                self._from_context(stage, instruction, value, target, exact=not into)

    def _fetched(self, stage: Stage, instruction: Instruction, value: str, target: str) -> None:
        checksum = instruction.flag("checksum")
        digest = (checksum.value or "").removeprefix("sha256:") if checksum else ""
        self._make_file(stage, instruction, ("curl", "-fsSL", "-o"), target, (value,))
        if re.fullmatch(r"[0-9a-f]{64}", digest):
            (entry,) = [entry for entry in stage.tree.entries if entry.path == target and entry.draft is not None]
            assert entry.draft is not None
            check = ("sh", "-c", 'echo "$0  $1" | sha256sum --check -', digest, f"{TREE}{target}")
            entry.draft.values["run"] = (*entry.draft.values["run"], check)
            self.note(instruction).remarks.clear()

    def _copy_flags(self, instruction: Instruction, sources: Sequence[str], final: bool) -> None:
        note = self.note(instruction)
        for flag in instruction.flags:
            if flag.name == "parents":
                self.left(instruction, "--parents keeps the directories above", "copy the directory as a whole, with exclude")
            elif flag.name == "chown":
                note.remarks.append("everything in the image belongs to root, and everyone may read it")
            elif flag.name == "chmod" and final:
                self._copied_mode(instruction, flag, sources)
            elif flag.name in ("keep-git-dir", "checksum", "unpack"):
                note.remarks.append(f"--{flag.name} has no effect on the proposal")

    def _copied_mode(self, instruction: Instruction, flag: Flag, sources: Sequence[str]) -> None:
        mode = flag.value or ""
        target = instruction.words[-1].text.strip('"') if instruction.words else ""
        if re.fullmatch(r"0?[0-7]*[0246]{3}|.*[=,+-][rwX]*", mode) or instruction.flag("from") or target.startswith("/opt/extensions"):
            self.note(instruction).remarks.append("modes become 0755 and 0644, by what is executable already")
        else:
            names = " ".join(posixpath.normpath(posixpath.join(self.directory, source)) for source in sources)
            self.left(
                instruction, f"--chmod={mode} makes files executable", f"commit them with their mode: git update-index --chmod=+x {names}"
            )

    def _from_context(self, stage: Stage, instruction: Instruction, value: str, target: str, exact: bool) -> None:
        entries = list(self._context_entries(instruction, value, target, exact))
        stage.foreign = stage.foreign or not entries
        for entry in entries:
            stage.tree.put(entry)
            stage.copied.append((instruction, entry))

    def _context_entries(self, instruction: Instruction, value: str, target: str, exact: bool) -> Iterable[Entry]:
        """What a source of the build context becomes at the target."""
        relative = posixpath.normpath(f"/{value}").lstrip("/") or "."
        names = self._expanded(relative)
        if not names:
            self.left(
                instruction,
                f'"{value}" is not in the build context',
                "mend the path, or take it out of the ignore file, and run init again",
            )
            return
        exclude = self._exclude(instruction)
        above, pattern = posixpath.split(relative)
        if pattern == "*" and all(self.kind(posixpath.normpath(posixpath.join(self.directory, name))) == "file" for name in names):
            # Files that come later are meant too.
            names, exact = [above or "."], False
        elif any(character in relative for character in "*?[") and not any(is_manifest(name) for name in names):
            self.note(instruction).remarks.append(f'files that "{value}" fits later are not taken')
        for name in names:
            source = posixpath.normpath(posixpath.join(self.directory, name))
            directory = self.kind(source) == "directory"
            path = target if directory or exact else posixpath.join(target, posixpath.basename(name))
            yield Entry(
                path=path, directory=directory, source=source, exclude=rebased(exclude, name) if directory else (), via=(instruction,)
            )

    def _expanded(self, relative: str) -> list[str]:
        """The paths of the context that a source means, without those that the ignore file leaves out."""
        ignored = self.subject.ignored
        parts = relative.split("/")
        found = [""]
        for part in parts:
            below: list[str] = []
            for above in found:
                if not any(character in part for character in "*?["):
                    below.append(posixpath.join(above, re.sub(r"\\(.)", r"\1", part)))
                    continue
                names = self.subject.context.names(above) if self.subject.context else None
                below += [posixpath.join(above, name.rstrip("/")) for name in names or () if fnmatch.fnmatchcase(name.rstrip("/"), part)]
            found = below[:2000]
        return [
            path
            for path in found
            if self.kind(posixpath.normpath(posixpath.join(self.directory, path))) is not None
            and (path in (".", "") or ignored is None or not ignored.ignores(path) or ignored.may_take_back)
        ]

    def _exclude(self, instruction: Instruction) -> tuple[str, ...]:
        """The patterns of the ignore file, as far as a step can have them."""
        lines = self.subject.ignore_used.lines if self.subject.ignore_used else ()
        patterns = [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
        patterns += [flag.value for flag in instruction.flags if flag.name == "exclude" and flag.value]
        return tuple(pattern.replace("!/", "!").lstrip("/") for pattern in patterns)

    def _from_stage(self, index: int, stage: Stage, instruction: Instruction, origin: str, value: str, target: str, exact: bool) -> None:
        number = self._number(index, origin)
        source = posixpath.normpath(f"/{value.lstrip('/')}")
        if number is None or number not in self.stages:
            self._from_image(stage, instruction, origin, source, target)
            return
        other = self.stages[number]
        if not other.moments and other.resolved.image:
            self._from_image(stage, instruction, other.resolved.image, source, target)
            return
        found = other.tree.find(source, self.kind)
        pure = [entry for _, entry in found if entry.draft is not None]
        settled = (
            bool(found) and len(pure) == len(found) and not any(issubclass(entry.draft.kind, COMPILED) for entry in pure if entry.draft)
        )
        if other.opaque and not settled:
            self._by_command(other, stage, instruction, value, source, target, exact)
            return
        if not found:
            self.left(instruction, f'what makes "{value}" cannot be told', "copy it from the build context, or make it in a command step")
            stage.foreign = True
            return
        if any(character in posixpath.basename(source) for character in "*?[") and any(
            entry.source is not None and entry.directory for _, entry in found
        ):
            self.note(instruction).remarks.append("directories below stay directories, where the pattern would empty them into the target")
        for relative, entry in found:
            if entry.draft is not None and entry.draft.kind is steps.RustBuild and (match := _RUST_PROGRAM.fullmatch(source)):
                entry.draft.values["binary"] = match["name"] or match["other"]
            if entry.directory or relative:
                path = posixpath.normpath(posixpath.join(target, relative))
            else:
                path = target if exact else posixpath.join(target, posixpath.basename(entry.path))
            stage.tree.put(replace(entry, path=path, exact=exact and not entry.directory, via=(*entry.via, instruction)))

    def _number(self, index: int, origin: str) -> int | None:
        """The stage before this one that a name or a number stands for."""
        found = None
        for item in self.subject.resolved.stages[:index]:
            if item.stage.name.lower() == origin.lower() or str(item.stage.index) == origin:
                found = item.stage.index
        return found

    def _from_image(self, stage: Stage, instruction: Instruction, image: str, source: str, target: str) -> None:
        """An extension is what an image can give."""
        if source.startswith("/opt") and (target == "/opt" or is_below(target, "/opt")):
            reference = tagged(image)
            if reference is not None:
                draft = self.draft(("extension", reference), steps.Extension, {"image": reference})
                stage.drafts.append(draft)
                stage.tree.put(Entry(path=target, directory=True, draft=draft, via=(instruction,)))
                self.carry(draft, [instruction])
                if source != "/opt":
                    self.note(instruction).remarks.append(f"all of /opt of {image} is taken")
                return
        self.left(
            instruction,
            f'"{source}" comes from the image {image}, and a step takes only /opt of another image',
            "commit the file, or use an image that carries it under /opt as an extension",
        )
        stage.foreign = True

    # Phase 2: a stage as one command

    def _by_command(self, other: Stage, stage: Stage, instruction: Instruction, value: str, source: str, target: str, exact: bool) -> None:
        reason = self._unscriptable(other)
        if reason:
            for item, what in other.opaque:
                self.left(item, what, f"make it a command step that writes under {TREE} what the image needs")
            self.left(instruction, f'"{value}" is made by commands that no step can take over: {reason}', "write a command step by hand")
            stage.foreign = True
            return
        if other.command is None:
            other.command = self.draft(("command", other.resolved.stage.index), steps.Command, {})
            other.command.values["stage"] = other
        stage.drafts.append(other.command)
        origin = f"{source}/" if value.endswith(("/", "/.")) else source
        stage.tree.put(Entry(path=target, directory=True, draft=other.command, origin=origin, exact=exact, via=(instruction,)))

    def _unscriptable(self, stage: Stage) -> str:
        """Why the stage cannot become a command step; empty when it can."""
        if stage.foreign:
            return "they read files that the proposal lacks"
        image = stage.resolved.image
        if image is None or image == "scratch":
            return "its image is not known"
        if lambda_base(image, self.mirror) is None and tagged(image) is None:
            return f"{image} is no image reference"
        for name, raw in stage.exported:
            if not re.fullmatch(r"(?:[\w./:+=@-]|\$\w|\$\{\w+\})*", raw):
                return f"the value of {name} depends on the base image"
        for instruction in (moment.instruction for moment in stage.moments):
            if instruction.heredocs:
                return f"line {instruction.line} holds a here-document"
            if any(flag.name == "mount" and flag.fields().get("type") == "ssh" for flag in instruction.flags):
                return f"line {instruction.line} needs keys of ssh"
            if instruction.keyword in ("ADD", "COPY") and instruction.flag("from") is not None:
                return f"line {instruction.line} copies from another stage"
        return ""


def is_manifest(path: str, *ecosystems: str) -> bool:
    """Whether a file says what to install, to an installer of the ecosystems, or to any."""
    name = posixpath.basename(path)
    known = ecosystems or ("python", "nodejs", "ruby", "java", "go", "rust", "dotnet")
    return any(fnmatch.fnmatchcase(name, pattern) for ecosystem in known for pattern in manifests(ecosystem))


_PUBLIC = ("docker.io", "gcr.io", "ghcr.io", "localhost", "mcr.microsoft.com", "public.ecr.aws", "quay.io", "registry.k8s.io")
"""Registries whose images are nobody's house base."""


def is_house(image: str | None) -> bool:
    """Whether the image comes from a registry of somebody's own, and so may be made from an AWS-provided base."""
    reference = image_reference(image) if image else None
    return reference is not None and reference.registry not in _PUBLIC


def _home_of(image: str) -> str:
    """The working directory of an image that AWS does not provide for functions, as far as it is known."""
    reference = image_reference(image)
    name = reference.repository if reference else ""
    if name.startswith("sam/build-"):
        return TASK
    return {"golang": "/go", "gradle": "/home/gradle"}.get(name.rpartition("/")[2], "/")


def _expanded(text: str, variables: Mapping[str, str | None]) -> str | None:
    try:
        return expand(text, variables, complete=False)
    except (UnknownVariable, WordFault):
        return None


def tagged(image: str) -> str | None:
    """The image as a step may name it, with registry and tag; None for what is no image reference."""
    reference = image_reference(image)
    if reference is None:
        return None
    return str(reference if reference.tag or reference.digest else replace(reference, tag="latest"))
