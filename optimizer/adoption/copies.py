"""What COPY and ADD bring into a stage: from the build context, an address, an image or another stage."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from optimizer.adoption.drafts import BuildDraft, CommandDraft, ContentDraft
from optimizer.adoption.tree import Entry, is_below, rebased
from optimizer.adoption.walk import COMPILED, Stage, Walk, is_manifest, tagged
from optimizer.bases.recognise import lambda_base
from optimizer.dockerfile.copies import Source, is_of_git
from optimizer.dockerfile.instruction import Flag, Instruction
from optimizer.dockerfile.scope import absolute
from optimizer.model import fields as types
from optimizer.model import steps
from optimizer.model.fields import EXTENSIONS, TARGET_ROOTS, FieldFault, FieldType
from optimizer.model.plan import TREE

_ARCHIVE = re.compile(r".*\.(?:tar|tar\.(?:gz|bz2|xz|zst)|tgz|tbz2?|txz)")
_RUST_PROGRAM = re.compile(r".*/release/(?P<name>[\w-]+)|.*/lambda/(?P<other>[\w-]+)/bootstrap")
TOOL_FILES = frozenset(["uv", "uvx", "poetry", "pipenv", "pnpm", "yarn", "cargo-lambda", "bun"])


def _is(type_: FieldType, value: str) -> bool:
    try:
        type_.read(value)
    except FieldFault:
        return False
    return True


def _is_home(path: str) -> bool:
    """Whether a path within what an installer made is one of those that hold its packages and nothing else."""
    return posixpath.basename(path) in ("node_modules", "site-packages", "dist-packages", "bundle")


class Copies:
    """Does what COPY and ADD say to a stage of the walk, and what other instructions take from elsewhere."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk

    def make_file(self, stage: Stage, instruction: Instruction, before: tuple[str, ...], path: str, after: tuple[str, ...]) -> None:
        """A command step that makes one file of the image, as the instruction did."""
        run = (("mkdir", "-p", f"{TREE}{posixpath.dirname(path)}"), (*before, f"{TREE}{path}", *after))
        name = re.sub(r"[^a-z0-9]+", "-", f"command-{posixpath.basename(path)}".lower()).strip("-")
        tools = ("wget",) if before[0] == "wget" else ()
        draft = self._walk.draft(("make", id(instruction), path), CommandDraft(name=name, run=run, build_packages=tools))
        self._walk.see_secrets(draft, instruction)
        stage.tree.put(Entry(path=path, directory=False, draft=draft, via=(instruction,)))
        if before[0] in ("curl", "wget"):
            self._walk.note(instruction).remarks.append("nothing checks what is fetched: the layer is what the server sends that day")

    def copy(self, index: int, stage: Stage, instruction: Instruction, values: Sequence[str | None], workdir: str) -> None:
        """Put into the stage what the instruction copies."""
        final = index in self._walk.lineage
        texts = [word.text for word in instruction.words] if instruction.json is None else list(instruction.json)
        if instruction.heredocs or any(text.startswith("<<") for text in texts):
            self._walk.left(instruction, "the Dockerfile contains the content of a file", "put it into the project, and copy it from there")
            stage.foreign = True
            return
        if len(values) < 2 or values[-1] is None or None in values:
            self._walk.left(
                instruction,
                "a build argument or a variable without a value names what is copied",
                "give the argument a default, and run init again",
            )
            stage.foreign = True
            return
        target = absolute(values[-1], workdir)
        if target is None:
            self._walk.left(instruction, "the target of the copy is unknown", "write an absolute path, and run init again")
            return
        into = values[-1].endswith(("/", "/.")) or values[-1] == "." or len(values) > 2 or stage.tree.is_directory(target)
        self._copy_flags(instruction, [str(value) for value in values[:-1]], final)
        origin = instruction.flag("from")
        for value in values[:-1]:
            assert value is not None
            if origin is not None:
                if posixpath.basename(value) in TOOL_FILES:
                    self._walk.note(instruction).not_needed.append("the optimizer brings its own installer")
                else:
                    self.from_stage(index, stage, instruction, origin.value or "", value, target, exact=not into)
            elif is_of_git(value):
                self._walk.left(
                    instruction,
                    f'"{value}" is cloned when the image is built',
                    'commit its files to the project, or clone a commit in a command step, with build_packages = ["git"]',
                )
                stage.foreign = True
            elif re.match(r"https?://", value) and final and not into and any(is_below(target, top) for top in TARGET_ROOTS):
                self._fetched(stage, instruction, value, target)
            elif re.match(r"(?:https?|ftp|git|ssh)://|git@", value):
                self._walk.left(
                    instruction,
                    f'"{value}" is fetched when the image is built',
                    "fetch it once and commit it, or fetch it in a command step that checks its checksum",
                )
                stage.foreign = True
            elif instruction.keyword == "ADD" and _ARCHIVE.fullmatch(value):
                self._walk.left(
                    instruction, f'ADD unpacks "{value}"', f'unpack it in a command step: ["tar", "-xf", "{value}", "-C", "{TREE}{target}"]'
                )
                stage.foreign = True
            else:
                self.from_context(stage, instruction, value, target, exact=not into)

    def _fetched(self, stage: Stage, instruction: Instruction, value: str, target: str) -> None:
        checksum = instruction.flag("checksum")
        digest = (checksum.value or "").removeprefix("sha256:") if checksum else ""
        self.make_file(stage, instruction, ("curl", "-fsSL", "-o"), target, (value,))
        if re.fullmatch(r"[0-9a-f]{64}", digest):
            (entry,) = [entry for entry in stage.tree.entries if entry.path == target and entry.draft is not None]
            assert isinstance(entry.draft, CommandDraft)
            check = ("sh", "-c", 'echo "$0  $1" | sha256sum --check -', digest, f"{TREE}{target}")
            entry.draft.run = (*entry.draft.run, check)
            self._walk.note(instruction).remarks.clear()

    def _copy_flags(self, instruction: Instruction, sources: Sequence[str], final: bool) -> None:
        note = self._walk.note(instruction)
        for flag in instruction.flags:
            if flag.name == "parents":
                self._walk.left(instruction, "--parents keeps the directories above", "copy the directory as a whole, with exclude")
            elif flag.name == "chown":
                note.remarks.append("everything in the image belongs to root, and everyone may read it")
            elif flag.name == "chmod" and final:
                self._copied_mode(instruction, flag, sources)
            elif flag.name in ("keep-git-dir", "checksum", "unpack"):
                note.remarks.append(f"--{flag.name} has no effect on the proposal")

    def _copied_mode(self, instruction: Instruction, flag: Flag, sources: Sequence[str]) -> None:
        mode = flag.value or ""
        target = instruction.words[-1].text.strip('"') if instruction.words else ""
        if re.fullmatch(r"0?[0-7]*[0246]{3}|.*[=,+-][rwX]*", mode) or instruction.flag("from") or target.startswith(EXTENSIONS):
            self._walk.note(instruction).remarks.append("modes become 0755 and 0644, by what is executable already")
        else:
            names = " ".join(posixpath.normpath(posixpath.join(self._walk.directory, source)) for source in sources)
            self._walk.left(
                instruction, f"--chmod={mode} makes files executable", f"commit them with their mode: git update-index --chmod=+x {names}"
            )

    def from_context(self, stage: Stage, instruction: Instruction, value: str, target: str, exact: bool) -> None:
        """Put what the build context has; ``exact`` says that the target is the file's own path."""
        entries = list(self._context_entries(instruction, value, target, exact))
        stage.foreign = stage.foreign or not entries
        for entry in entries:
            stage.tree.put(entry)
            stage.copied.append((instruction, entry))

    def _context_entries(self, instruction: Instruction, value: str, target: str, exact: bool) -> Iterable[Entry]:
        """What a source of the build context becomes at the target."""
        relative = posixpath.normpath(f"/{value}").lstrip("/") or "."
        names = self._matching(relative)
        if not names:
            self._walk.left(
                instruction,
                f'"{value}" is not in the build context',
                "fix the path, or remove it from the ignore file, and run init again",
            )
            return
        exclude = self._exclude(instruction)
        above, pattern = posixpath.split(relative)
        if pattern == "*" and all(
            self._walk.kind(posixpath.normpath(posixpath.join(self._walk.directory, name))) == "file" for name in names
        ):
            # Files that come later are meant too.
            names, exact = [above or "."], False
        elif any(character in relative for character in "*?[") and not any(is_manifest(name) for name in names):
            self._walk.note(instruction).remarks.append(f'files that "{value}" fits later are not taken')
        for name in names:
            source = posixpath.normpath(posixpath.join(self._walk.directory, name))
            directory = self._walk.kind(source) == "directory"
            path = target if directory or exact else posixpath.join(target, posixpath.basename(name))
            yield Entry(
                path=path, directory=directory, source=source, exclude=rebased(exclude, name) if directory else (), via=(instruction,)
            )

    def _matching(self, relative: str) -> list[str]:
        """The paths of the context that a source means, without those that the ignore file leaves out."""
        ignored = self._walk.subject.ignored
        parts = relative.split("/")
        found = [""]
        for part in parts:
            below: list[str] = []
            for above in found:
                if not any(character in part for character in "*?["):
                    below.append(posixpath.join(above, re.sub(r"\\(.)", r"\1", part)))
                    continue
                names = self._walk.subject.context.names(above) if self._walk.subject.context else None
                below += [posixpath.join(above, name.rstrip("/")) for name in names or () if fnmatch.fnmatchcase(name.rstrip("/"), part)]
            found = below[:2000]
        return [
            path
            for path in found
            if self._walk.kind(posixpath.normpath(posixpath.join(self._walk.directory, path))) is not None
            and (path in (".", "") or ignored is None or not ignored.ignores(path) or ignored.may_take_back)
        ]

    def _exclude(self, instruction: Instruction) -> tuple[str, ...]:
        """The patterns of the ignore file, as far as a step can have them."""
        lines = self._walk.subject.ignore_used.lines if self._walk.subject.ignore_used else ()
        patterns = [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
        patterns += [flag.value for flag in instruction.flags if flag.name == "exclude" and flag.value]
        return tuple(pattern.replace("!/", "!").lstrip("/") for pattern in patterns)

    def from_stage(self, index: int, stage: Stage, instruction: Instruction, origin: str, value: str, target: str, exact: bool) -> None:
        """Put what another stage, or another image, has; ``exact`` as for the context."""
        number = self._number(index, origin)
        source = posixpath.normpath(f"/{value.lstrip('/')}")
        if number is None or number not in self._walk.stages:
            self._from_image(stage, instruction, origin, source, target, exact)
            return
        other = self._walk.stages[number]
        if not other.moments and other.resolved.image:
            self._from_image(stage, instruction, other.resolved.image, source, target, exact)
            return
        found = other.tree.find(source, self._walk.kind)
        pure = [entry for _, entry in found if entry.draft is not None]
        settled = (
            bool(found)
            and len(pure) == len(found)
            and not any(issubclass(entry.draft.kind, COMPILED) for entry in pure if entry.draft)
            and (
                _is_home(source) or any(entry.path == source or is_below(entry.path, source) for entry in other.tree.entries if entry.draft)
            )
        )
        manifests = [(relative, entry) for relative, entry in found if entry.source is not None and not entry.directory]
        if other.opaque and manifests and Source(value=value, span=instruction.span).manifest_of_any:
            # No command of a build changes what says what to install.
            found, settled = manifests, True
        # What no known command makes, one of those that ran may have made.
        if (other.opaque and not settled) or (not found and any(moment.instruction.keyword == "RUN" for moment in other.moments)):
            self._by_command(other, stage, instruction, value, source, target, exact)
            return
        if not found:
            self._walk.left(
                instruction, f'it is unknown what makes "{value}"', "copy it from the build context, or make it in a command step"
            )
            stage.foreign = True
            return
        if any(character in posixpath.basename(source) for character in "*?[") and any(
            entry.source is not None and entry.directory for _, entry in found
        ):
            self._walk.note(instruction).remarks.append(
                "directories below stay directories, where the pattern would empty them into the target"
            )
        for relative, entry in found:
            draft = entry.draft
            if isinstance(draft, BuildDraft) and draft.kind is steps.RustBuild and (match := _RUST_PROGRAM.fullmatch(source)):
                draft.binary = match["name"] or match["other"]
            if entry.directory or relative:
                path = posixpath.normpath(posixpath.join(target, relative))
            else:
                path = target if exact else posixpath.join(target, posixpath.basename(entry.path))
            stage.tree.put(replace(entry, path=path, exact=exact and not entry.directory, via=(*entry.via, instruction)))

    def mount(self, index: int, stage: Stage, instruction: Instruction, origin: str, value: str, target: str) -> None:
        """Put what a RUN mounts from a stage; what it mounts from an image is known to nobody, and a loss only where it is used."""
        number = self._number(index, origin)
        other = self._walk.stages.get(number) if number is not None else None
        if other is not None and (other.moments or not other.resolved.image):
            self.from_stage(index, stage, instruction, origin, value, target, exact=True)

    def _number(self, index: int, origin: str) -> int | None:
        """The stage before this one that a name or a number stands for."""
        found = None
        for item in self._walk.subject.resolved.stages[:index]:
            if item.stage.name.lower() == origin.lower() or str(item.stage.index) == origin:
                found = item.stage.index
        return found

    def _from_image(self, stage: Stage, instruction: Instruction, image: str, source: str, target: str, exact: bool) -> None:
        """An extension is what an image can give: one file for ``/opt/extensions``, or its whole ``/opt``."""
        reference = tagged(image)
        path = target if exact else posixpath.join(target, posixpath.basename(source))
        name = posixpath.basename(path)
        if reference is not None and posixpath.dirname(path) == EXTENSIONS and _is(types.NAME, name) and _is(types.IMAGE_FILE, source):
            new = ContentDraft(kind=steps.Extension, image=reference, file=source, name=name)
            self._extension(stage, instruction, self._walk.draft(("extension", reference, source, name), new), path, directory=False)
            return
        if reference is not None and source.startswith("/opt") and (target == "/opt" or is_below(target, "/opt")):
            draft = self._walk.draft(("extension", reference), ContentDraft(kind=steps.Extension, image=reference))
            self._extension(stage, instruction, draft, target, directory=True)
            if source != "/opt":
                self._walk.note(instruction).remarks.append(f"all of /opt of {image} is taken")
            return
        self._walk.left(
            instruction,
            f'"{source}" comes from the image {image}, of which a step takes an extension only: its whole /opt, or one file for {EXTENSIONS}',
            f"commit the files; or copy them to {TREE} in a command step whose image is that one, if it has a shell",
        )
        stage.foreign = True

    def _extension(self, stage: Stage, instruction: Instruction, draft: ContentDraft, path: str, directory: bool) -> None:
        stage.drafts.append(draft)
        stage.tree.put(Entry(path=path, directory=directory, draft=draft, via=(instruction,)))
        self._walk.carry(draft, [instruction])

    def _by_command(self, other: Stage, stage: Stage, instruction: Instruction, value: str, source: str, target: str, exact: bool) -> None:
        reason = self._unscriptable(other)
        if reason:
            for item, what in other.opaque:
                self._walk.left(item, what, f"make it a command step that writes under {TREE} what the image needs")
            self._walk.left(
                instruction, f'"{value}" is made by commands that no step can take over: {reason}', "write a command step by hand"
            )
            stage.foreign = True
            return
        if other.command is None:
            other.command = self._walk.draft(("command", other.resolved.stage.index), CommandDraft())
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
        if lambda_base(image, self._walk.mirror) is None and tagged(image) is None:
            return f"{image} is not an image reference"
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
            if any(flag.name == "mount" and "from" in flag.fields() for flag in instruction.flags):
                return f"line {instruction.line} mounts files of another stage"
        return ""
