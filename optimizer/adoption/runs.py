"""What the commands of a RUN do to a stage."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import replace

from optimizer.adoption import actions as acts
from optimizer.adoption.commands import ONE_TIME, redirects, understand
from optimizer.adoption.copies import TOOL_FILES, Copies
from optimizer.adoption.dotnet import project_of
from optimizer.adoption.drafts import BuildDraft, CommandDraft, InstallDraft
from optimizer.adoption.golang import package_of
from optimizer.adoption.java import modules_of
from optimizer.adoption.machines import built_for
from optimizer.adoption.tree import Entry, Tree, is_below
from optimizer.adoption.variables import assigned_place
from optimizer.adoption.walk import BUILDS, COMPILED, TASK, Stage, Walk, expanded
from optimizer.dockerfile.instruction import Instruction
from optimizer.dockerfile.scope import absolute
from optimizer.dockerfile.shell import Command as ShellCommand
from optimizer.errors import OptimizerError
from optimizer.model import steps
from optimizer.model.fields import EXTENSIONS, TARGET_ROOTS
from optimizer.model.plan import TREE

_DEPENDENCIES: dict[str, type[steps.Step]] = {
    "python": steps.PythonDependencies,
    "nodejs": steps.NodeDependencies,
    "ruby": steps.RubyDependencies,
}
_TARGETS = {"python": ("PIP_TARGET", "UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV"), "nodejs": (), "ruby": ("BUNDLE_PATH",)}
"""Variables that say where packages land."""


class Runs:
    """Does what RUN says to a stage of the walk."""

    def __init__(self, walk: Walk, copies: Copies) -> None:
        self._walk = walk
        self._copies = copies

    def run(self, index: int, stage: Stage, instruction: Instruction, workdir: str) -> None:
        """Do to the stage what is known of the RUN's commands, and note the others."""
        final = index in self._walk.lineage
        before = list(stage.tree.entries)
        mounts = self._mounts(index, stage, instruction, workdir)
        self._commands(index, stage, instruction, workdir, final)
        stage.tree.unmount(before, mounts)

    def _commands(self, index: int, stage: Stage, instruction: Instruction, workdir: str, final: bool) -> None:
        if any(heredoc.body.text.startswith("#!") for heredoc in instruction.heredocs) and not self._walk.subject.commands(instruction):
            self._opaque(stage, instruction, "a script of another language", final)
            return
        text = "\n".join([instruction.arguments, *(heredoc.content for heredoc in instruction.heredocs)])
        cwd = workdir
        found = self._walk.subject.commands(instruction)
        told = False
        if not found:
            self._walk.note(instruction).not_needed.append("it runs nothing")
        for command in found:
            words = self._words(stage, command)
            if command.program in ("sh", "bash", "ash", "dash") and any(re.fullmatch(r"-[a-z]*c", word) for word in words):
                continue
            if machine := built_for(words, command.source.text[: command.places[-1][1]], lambda value: expanded(value, stage.variables)):
                self._walk.built_for.append((instruction, machine))
            action = understand(ShellCommand(words, command.source, command.places), text)
            told = told or isinstance(action, (acts.Opaque, acts.Export))
            cwd = self._act(index, stage, instruction, action, cwd)
        if redirects(text) and not told:
            self._opaque(stage, instruction, "it writes a file by redirection", final)

    def _words(self, stage: Stage, command: ShellCommand) -> tuple[str, ...]:
        """The words with the variables that are known; the others stay as they are written."""
        return tuple((expanded(word, stage.variables) if "$" in word else None) or word for word in command.words)

    def _act(self, index: int, stage: Stage, instruction: Instruction, action: acts.Action, cwd: str) -> str:
        note, final, tree = self._walk.note(instruction), index in self._walk.lineage, stage.tree
        match action:
            case acts.NotNeeded():
                if action.why not in note.not_needed:
                    note.not_needed.append(action.why)
            case acts.Lost():
                for loss in action.not_carried:
                    self._walk.left(instruction, loss.message, loss.by_hand)
            case acts.ChangeDirectory():
                note.not_needed.append("it changes nothing in the image")
                return absolute(action.path, cwd) or cwd
            case acts.MakeDirectories():
                tree.directories.update(path for item in action.paths if (path := absolute(item, cwd)))
                note.not_needed.append("directories come with what is put into them")
            case acts.Copy():
                self._moved(stage, instruction, action, cwd, final)
            case acts.Unpack():
                self._unpacked(stage, instruction, action, cwd, final)
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
            if not any(loss.by_hand == by_hand for loss in self._walk.note(instruction).not_carried):
                self._walk.left(instruction, what, by_hand)
        else:
            stage.opaque.append((instruction, what))

    def _moved(self, stage: Stage, instruction: Instruction, action: acts.Copy, cwd: str, final: bool) -> None:
        target = absolute(action.target, cwd)
        for item in action.sources:
            source = absolute(item.removesuffix("/."), cwd)
            found = stage.tree.find(source, self._walk.kind) if source else []
            if target is None or source is None or not found:
                self._opaque(stage, instruction, f'the source of "{item}" is unknown', final)
                continue
            merges = item.endswith("/.") or any(character in item for character in "*?[")
            into = target if merges or not stage.tree.is_directory(target) else posixpath.join(target, posixpath.basename(source))
            for relative, entry in found:
                path = posixpath.normpath(posixpath.join(into, relative))
                if not entry.directory and merges and not relative:
                    path = posixpath.join(target, posixpath.basename(entry.path))
                stage.tree.put(replace(entry, path=path, via=(*entry.via, instruction)))
            self._walk.note(instruction).not_needed.append("the steps put files in their places")

    def _made(self, stage: Stage, instruction: Instruction, action: acts.Make, cwd: str, final: bool) -> None:
        path = absolute(action.path, cwd)
        if path and action.before == ("touch",) and stage.tree.find(path, self._walk.kind):
            self._walk.note(instruction).not_needed.append(ONE_TIME)
        elif (
            path is None
            or action.path.endswith("/")
            or stage.tree.is_directory(path)
            or not any(is_below(path, top) for top in TARGET_ROOTS)
        ):
            shown = " ".join((*action.before, action.path))
            self._opaque(stage, instruction, f'what "{shown[:60]}" makes is outside the directories that steps may write to', final)
        elif final:
            self._copies.make_file(stage, instruction, action.before, path, action.after)
        else:
            stage.opaque.append((instruction, f'"{action.before[0]}" makes {path}'))

    def _unpacked(self, stage: Stage, instruction: Instruction, action: acts.Unpack, cwd: str, final: bool) -> None:
        """An archive that a build has made holds what its step puts in place."""
        archive, target = absolute(action.archive, cwd), absolute(action.target, cwd)
        found = [entry for _, entry in stage.tree.find(archive, self._walk.kind)] if archive else []
        if target is None or not found or not all(entry.draft is not None and entry.draft.kind in COMPILED for entry in found):
            self._opaque(stage, instruction, action.what, final)
            return
        for entry in found:
            stage.tree.put(replace(entry, path=target, directory=True, via=(*entry.via, instruction)))

    def _removed(self, stage: Stage, instruction: Instruction, action: acts.Remove, cwd: str, final: bool) -> None:
        for item in action.paths:
            path = absolute(item, cwd)
            found = stage.tree.find(path, self._walk.kind) if path and "$" not in item else []
            held = [entry for relative, entry in found if not relative and entry.source is not None and not entry.directory]
            if path and re.match(r"/(?:tmp|var/cache|var/log|var/tmp|root/\.\w+|var/lib/(?:apt|dnf|rpm|yum))(?:/|$)", path):
                self._walk.note(instruction).not_needed.append("caches and temporary files never reach the image")
            elif not found and self._walk.note(instruction).not_carried:
                self._walk.note(instruction).not_needed.append("what the other commands of the instruction leave is theirs")
            elif path and found and all(entry.draft is not None and _elsewhere(entry, path, stage.tree) for _, entry in found):
                self._gone(found)
                stage.tree.hide(path)
                self._walk.note(instruction).not_needed.append("the steps put files in their places")
            elif path and found and len(held) == len(found) and all(entry.path == path for entry in held):
                self._gone(found)
                stage.tree.entries = [entry for entry in stage.tree.entries if entry not in held]
                self._walk.note(instruction).not_needed.append("the files are not in the image anyway")
            elif path and any(word in item for word in ("cache", ".npm", "__pycache__", ".pyc", "dist-info")):
                self._walk.note(instruction).not_needed.append("caches and byte-code of the build never reach the image")
            elif final or found:
                message = f'"{item}" is taken out again'
                by_hand = (
                    "leave it out with exclude of the step that copies it, or with slim of the step that installs it"
                    if found
                    else "do without it: what the base brings stays in its layers anyway"
                )
                if final:
                    self._walk.left(instruction, message, by_hand)
                else:
                    stage.opaque.append((instruction, message))
            else:
                self._walk.note(instruction).not_needed.append("it concerns a build stage only")

    def _gone(self, found: Sequence[tuple[str, Entry]]) -> None:
        for item in dict.fromkeys(item for _, entry in found for item in entry.via):
            self._walk.note(item).not_needed.append("what it brings is taken out again")

    def _executable(self, stage: Stage, instruction: Instruction, action: acts.Executable, cwd: str, final: bool) -> None:
        for item in action.paths:
            path = absolute(item, cwd)
            found = stage.tree.find(path, self._walk.kind) if path else []
            files = [entry for _, entry in found if entry.source is not None and not entry.directory]
            commands = [entry.draft for _, entry in found if isinstance(entry.draft, CommandDraft) and entry.draft.run]
            for draft in commands:
                draft.run = (*draft.run, ("chmod", "+x", f"{TREE}{path}"))
                self._walk.carry(draft, [instruction])
            if commands:
                continue
            if path and (stage.tree.is_directory(path) and not files):
                self._walk.note(instruction).not_needed.append("directories can be read and searched by everyone")
            elif found and not files:
                self._walk.note(instruction).not_needed.append("what a step builds is executable already")
            elif path and is_below(path, EXTENSIONS):
                self._walk.note(instruction).not_needed.append("an extension is always executable")
            elif files:
                self._walk.left(
                    instruction,
                    f'"{item}" is made executable',
                    f"commit the file with its mode: git update-index --chmod=+x {files[0].source}",
                )
            elif final and not redirects(instruction.arguments):
                self._opaque(stage, instruction, f'"{item}" is made executable, and no known command makes it', final)
            else:
                self._walk.note(instruction).not_needed.append("it concerns a build stage only")

    def _dependencies(self, stage: Stage, instruction: Instruction, action: acts.Dependencies, cwd: str) -> None:
        for loss in action.not_carried:
            self._walk.left(instruction, loss.message, loss.by_hand)
        if variable := assigned_place(instruction.arguments):
            self._walk.left(instruction, f"{variable} says where packages come from", "set index_url or registry of the step")
        self._walk.note(instruction).remarks += action.remarks
        self._wheels(stage, instruction, action, cwd)
        kind = _DEPENDENCIES[action.ecosystem]
        locks = self._locks(stage, instruction, action, cwd)
        for lock, via, exported in locks:
            values = {**dict(action.values), **dict(exported.values if exported else ())}
            options = tuple(sorted(self._named(kind, lock, values).items()))
            draft = self._walk.draft((kind, lock, options), InstallDraft(kind=kind, lock=lock, options=options))
            if draft not in stage.drafts:
                stage.drafts.append(draft)
            self._walk.see_secrets(draft, instruction)
            draft.own += [instruction] if action.own or (exported is not None and exported.own) else []
            draft.whole += [instruction] if action.whole or (exported is not None and exported.whole) else []
            said = [stage.variables.get(name) for name in _TARGETS[action.ecosystem]]
            for target in (*action.targets, *filter(None, said)):
                if path := absolute(target, cwd):
                    stage.tree.put(Entry(path=path, directory=True, draft=draft, via=(*via, instruction)))

    def _wheels(self, stage: Stage, instruction: Instruction, action: acts.Dependencies, cwd: str) -> None:
        """Wheels that an installer made before are those of its step; others are told."""
        for name in action.wheels:
            path = absolute(name, cwd)
            found = stage.tree.find(path, self._walk.kind) if path else []
            makers = [entry for _, entry in found if isinstance(entry.draft, InstallDraft)]
            if found and len(makers) == len(found):
                self._walk.note(instruction).not_needed.append("the packages of these files are those of the step")
                for entry in makers:
                    for target in action.targets:
                        if place := absolute(target, cwd):
                            stage.tree.put(replace(entry, path=place, directory=True, via=(*entry.via, instruction)))
            else:
                files = [entry.source for _, entry in found if entry.source is not None]
                self._walk.left(
                    instruction,
                    f'no lock file names the wheel "{(files or [name])[0]}"',
                    "name it by its path in a requirements file, with what it needs, and let the Dockerfile install that file",
                )
        unknown = [link for link in action.links if not self._made_by_installer(stage, link, cwd)]
        if unknown or (action.without_index and not action.links):
            words = [*(f"--find-links {link}" for link in unknown), *(["--no-index"] if action.without_index else [])]
            self._walk.left(
                instruction,
                f"the option {' '.join(words)} of pip has no field in the step",
                "write it as a line of the requirements file, where pip knows it there",
            )

    def _made_by_installer(self, stage: Stage, name: str, cwd: str) -> bool:
        path = absolute(name, cwd)
        found = stage.tree.find(path, self._walk.kind) if path else []
        return bool(found) and all(isinstance(entry.draft, InstallDraft) for _, entry in found)

    def _locks(
        self, stage: Stage, instruction: Instruction, action: acts.Dependencies, cwd: str
    ) -> list[tuple[str, tuple[Instruction, ...], acts.Export | None]]:
        """The locks in the project, each with the instructions that brought it into the stage, and how it was exported."""
        found: list[tuple[str, tuple[Instruction, ...], acts.Export | None]] = []
        if action.ecosystem == "python" and not action.how:
            for file in action.files:
                path = absolute(file, cwd)
                entry = stage.tree.file(path, self._walk.kind) if path else None
                if entry is None or entry.source is None:
                    self._walk.left(
                        instruction,
                        f'the project has no manifest "{file}"',
                        "put the file into the project, copy it, and run init again",
                    )
                else:
                    found.append((entry.source, entry.via, entry.export))
            return found
        manifest = {"python": ("pyproject.toml", "Pipfile"), "nodejs": ("package.json",), "ruby": ("Gemfile",)}[action.ecosystem]
        for file in action.files:
            directory, name = posixpath.split(absolute(file, cwd) or "/")
            for other in (name, *manifest):
                entry = stage.tree.file(posixpath.join(directory, other), self._walk.kind)
                if entry is None or entry.source is None:
                    continue
                lock = posixpath.join(posixpath.dirname(entry.source), name)
                # A lock may lie beside its manifest, though the Dockerfile takes no notice of it.
                if self._walk.kind(lock) == "file":
                    beside = [stage.tree.file(posixpath.join(directory, more), self._walk.kind) for more in (name, *manifest)]
                    via = [item for held in beside if held for item in held.via]
                    return [(lock, tuple(dict.fromkeys(via)), None)]
        names = " or ".join(posixpath.basename(file) for file in action.files)
        self._walk.left(
            instruction,
            f"there is no {names}, so the versions to install are unknown",
            f"make it with {action.how}, commit it, and run init again",
        )
        return found

    def _named(self, kind: type[steps.Step], lock: str, values: dict[str, object]) -> dict[str, object]:
        """The values, with the name of a Node.js member that the command names by its directory."""
        member = values.get("package")
        if kind is not steps.NodeDependencies or not isinstance(member, str):
            return values
        manifest = posixpath.normpath(posixpath.join(posixpath.dirname(lock), member, "package.json"))
        name = self._walk.read_json(manifest).get("name") if self._walk.kind(manifest) == "file" else None
        return {**values, "package": name} if isinstance(name, str) and name else values

    def _exported(self, stage: Stage, instruction: Instruction, action: acts.Export, cwd: str) -> None:
        lock, output = absolute(action.lock, cwd), absolute(action.output, cwd)
        entry = stage.tree.file(lock, self._walk.kind) if lock else None
        if entry is None or output is None:
            self._walk.left(instruction, f"there is no {action.lock} to export", f"make {action.lock}, commit it, and run init again")
            return
        for loss in action.not_carried:
            self._walk.left(instruction, loss.message, loss.by_hand)
        stage.tree.put(replace(entry, path=output, via=(*entry.via, instruction), export=action))
        self._walk.note(instruction).not_needed.append(f"the step reads {action.lock} itself")

    def _built(self, stage: Stage, instruction: Instruction, action: acts.Build, cwd: str) -> None:
        for loss in action.not_carried:
            self._walk.left(instruction, loss.message, loss.by_hand)
        if action.ecosystem == "go" and ("CGO_ENABLED=1" in instruction.arguments or stage.variables.get("CGO_ENABLED") == "1"):
            self._walk.left(instruction, "the step builds without cgo", "do without what needs a C compiler, or build with a command step")
        if action.ecosystem == "java":
            self._built_java(stage, instruction, action, cwd)
            return
        source, project = self._project_of(stage, action, cwd)
        if source is None:
            final = stage.resolved.stage.index in self._walk.lineage
            self._opaque(stage, instruction, _no_manifest(action, cwd), final)
            return
        package = action.package
        if action.ecosystem == "go":
            package = package_of(self._walk, stage.tree, action.package or ".", source, cwd)
            if package is None:
                final = stage.resolved.stage.index in self._walk.lineage
                self._opaque(stage, instruction, f'which program "{action.package}" is, the project does not say', final)
                return
        new = BuildDraft(
            kind=BUILDS[action.ecosystem],
            source=source,
            package=None if package == "." else package,
            binary=self._binary(source) if action.ecosystem == "rust" and action.binary is None else action.binary,
            project=project,
        )
        draft = self._walk.draft((new.kind, source, new.package, new.binary, new.project), new)
        via = self._via(stage, instruction, draft)
        for output in (*action.outputs, *filter(None, [stage.variables.get("CARGO_TARGET_DIR") if action.ecosystem == "rust" else None])):
            if path := absolute(output, cwd):
                directory = action.ecosystem != "go"
                if not directory and (output == "." or stage.tree.is_directory(path)):
                    path = posixpath.join(path, posixpath.basename(source if source != "." else "main"))
                    stage.tree.put(Entry(path=posixpath.dirname(path), directory=True, draft=draft, via=via))
                stage.tree.put(Entry(path=path, directory=directory, draft=draft, via=via))

    def _via(self, stage: Stage, instruction: Instruction, draft: BuildDraft) -> tuple[Instruction, ...]:
        """The instructions that a build needs: what brought files of the project, and itself."""
        if draft not in stage.drafts:
            stage.drafts.append(draft)
        self._walk.see_secrets(draft, instruction)
        inputs = [item for entry in stage.tree.entries if entry.source is not None for item in entry.via]
        return tuple(dict.fromkeys((*inputs, instruction)))

    def _built_java(self, stage: Stage, instruction: Instruction, action: acts.Build, cwd: str) -> None:
        """A build of Maven or Gradle, whose modules have outputs of their own."""
        assert action.tool is not None
        for name in action.manifests:
            path = absolute(name, cwd)
            entry = stage.tree.file(path, self._walk.kind) if path else None
            if path and entry is not None and entry.source is not None:
                break
        else:
            final = stage.resolved.stage.index in self._walk.lineage
            self._opaque(stage, instruction, _no_manifest(action, cwd), final)
            return
        source, top = posixpath.dirname(entry.source) or ".", posixpath.dirname(path)
        modules = modules_of(self._walk.project, source, action.tool)
        named = modules.get(action.module or "")
        for module in dict.fromkeys((None, *modules.values())):
            key = (steps.JavaBuild, source, module)
            draft = self._walk.draft(key, BuildDraft(kind=steps.JavaBuild, source=source, tool=action.tool, module=module))
            via = self._via(stage, instruction, draft)
            for output in action.outputs:
                # A place of its own is that of the module that is built.
                if output.startswith("/") and module != named:
                    continue
                if place := absolute(posixpath.join(module or ".", output), top):
                    stage.tree.put(Entry(path=place, directory=True, draft=draft, via=via))

    def _project_of(self, stage: Stage, action: acts.Build, cwd: str) -> tuple[str | None, str | None]:
        """The directory of the project that is built, and of .NET the project in it."""
        if action.ecosystem == "dotnet":
            return project_of(self._walk, stage.tree, action.manifests[0] if action.manifests else "", cwd) or (None, None)
        for directory in _upwards(cwd) if action.ecosystem == "go" else (cwd,):
            for name in action.manifests:
                path = absolute(name, directory)
                entry = stage.tree.file(path, self._walk.kind) if path else None
                if entry is not None and entry.source is not None:
                    return posixpath.dirname(entry.source) or ".", None
        return None, None

    def _binary(self, source: str) -> str:
        """The name of the only binary of a Rust package."""
        try:
            text = self._walk.project.read_text(posixpath.join(source, "Cargo.toml"))
        except OptimizerError:
            return "bootstrap"
        match = re.search(r"\[\[bin\]\][^\[]*?\bname\s*=\s*\"([^\"]+)\"", text) or re.search(
            r"\[package\][^\[]*?\bname\s*=\s*\"([^\"]+)\"", text
        )
        return match[1] if match else "bootstrap"

    def _mounts(self, index: int, stage: Stage, instruction: Instruction, workdir: str) -> list[str]:
        """Put what the RUN mounts in its place; the paths of what is gone after it."""
        mounted = []
        for flag in instruction.flags:
            if flag.name != "mount":
                if flag.name == "network" or flag.name == "security":
                    self._walk.note(instruction).remarks.append(f"--{flag.name} is not passed on")
                continue
            fields = flag.fields()
            kind, target = fields.get("type", "bind"), fields.get("target") or fields.get("dst") or fields.get("destination") or ""
            path = absolute(target, workdir)
            if kind == "ssh":
                self._walk.left(instruction, "it uses keys of ssh", "fetch over HTTPS with a build secret, or vendor what it fetches")
            elif kind == "bind" and path:
                source = fields.get("source") or fields.get("src") or "."
                if "from" in fields and posixpath.basename(target) in TOOL_FILES:
                    continue
                stage.tree.hide(path)
                mounted.append(path)
                if "from" in fields:
                    self._copies.mount(index, stage, instruction, fields["from"], source, path)
                else:
                    self._copies.from_context(stage, instruction, source, path, exact=True)
        return mounted


def _elsewhere(entry: Entry, path: str, tree: Tree) -> bool:
    """Whether a place was given to what a step makes, and the step has others too, so that nothing is lost with the path."""
    own = [other.path for other in tree.entries if other.draft is entry.draft]
    return path in own and any(other != path and not is_below(other, path) for other in own)


def _no_manifest(action: acts.Build, cwd: str) -> str:
    names = " or ".join(dict.fromkeys(posixpath.basename(name) for name in action.manifests)) or "project file"
    return f"no {names} of the project is known in {cwd}"


def _upwards(directory: str) -> list[str]:
    """The directory and those above it, as Go looks for its module."""
    found = [directory]
    while found[-1] not in ("/", ""):
        found.append(posixpath.dirname(found[-1]))
    return found
