"""What a pass over the stages of a Dockerfile knows: what stands where, and what each instruction was for.

Phases
    1. every stage that the image needs is followed, instruction by instruction
       (``stages``, ``runs``, ``copies``), with a :class:`~optimizer.adoption.tree.Tree` in place of a file system
    2. a COPY from a stage moves entries; where the stage ran commands whose
       work is unknown, the whole stage becomes one command step
    3. what stands in the tree of the last stage is what the steps must make
"""

from __future__ import annotations

import fnmatch
import json
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from optimizer.adoption.drafts import CommandDraft, Draft
from optimizer.adoption.proposal import NotCarried
from optimizer.adoption.tree import Entry, Tree
from optimizer.bases.mirror import Mirror
from optimizer.bases.recognise import image_reference
from optimizer.dockerfile.instruction import Instruction
from optimizer.dockerfile.scope import ResolvedStage
from optimizer.dockerfile.words import UnknownVariable, WordFault, expand
from optimizer.errors import OptimizerError
from optimizer.linting.subjects import DockerfileSubject
from optimizer.locks.files import ProjectFiles
from optimizer.locks.managers import ECOSYSTEMS, manifest_patterns
from optimizer.model import steps
from optimizer.model.secret import BuildSecret

TASK = "/var/task"
BUILDS: dict[str, type[steps.Step]] = {
    "go": steps.GoBuild,
    "rust": steps.RustBuild,
    "dotnet": steps.DotnetBuild,
    "java": steps.JavaBuild,
}
COMPILED = tuple(BUILDS.values())
_Draft = TypeVar("_Draft", bound=Draft)


@dataclass(slots=True)
class Note:
    """What is known of one instruction so far."""

    carried: list[Draft | str] = field(default_factory=list)
    not_needed: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    not_carried: list[NotCarried] = field(default_factory=list)


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
    command: CommandDraft | None = None


class Walk:
    """What the pass has seen and decided.  ``directory`` is the context as the project sees it, ``.`` for the project itself."""

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
        self.built_for: list[tuple[Instruction, str]] = []
        """Which instructions name an architecture for what they build, in their order, and Lambda's word for it."""
        assert subject.final is not None
        self.final = subject.final
        self.lineage = frozenset(subject.resolved.lineage(subject.final))

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

    def read_text(self, path: str) -> str:
        """The text of a file of the project; empty where it cannot be read."""
        try:
            return self.project.read_text(path)
        except OptimizerError:
            return ""

    def read_json(self, path: str) -> Mapping[str, Any]:
        """The object in a file of the project; empty where there is none."""
        try:
            found = json.loads(self.read_text(path) or "{}")
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def mentions(self, path: str, other: str) -> bool:
        """Whether a file of the project names another or its directory: requirements include one another, locks name members."""
        relative = posixpath.relpath(other, posixpath.dirname(path) or ".")
        names = (re.escape(name) for name in (relative, posixpath.dirname(relative)) if name)
        return re.search(rf"(?<![\w./-])(?:\./)?(?:{'|'.join(names)})/?(?![\w./-])", self.read_text(path)) is not None

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
        loss = NotCarried(message, by_hand)
        if loss not in self.note(instruction).not_carried:
            self.note(instruction).not_carried.append(loss)

    def draft(self, key: object, new: _Draft) -> _Draft:
        """The draft of the key; the new one when there is none."""
        found = self.drafts.setdefault(key, new)
        assert isinstance(found, type(new)), "a key stands for one kind of draft"
        return found

    def see_secrets(self, draft: Draft, instruction: Instruction) -> None:
        """Give the step the build secrets that the RUN mounts."""
        secrets = self.secrets_of(instruction)
        if secrets:
            draft.secrets = tuple(dict.fromkeys((*draft.secrets, *secrets)))

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


def is_manifest(path: str, *ecosystems: str) -> bool:
    """Whether a file is a manifest or a lock file of one of the ecosystems, or of any."""
    name = posixpath.basename(path)
    return any(fnmatch.fnmatchcase(name, pattern) for ecosystem in ecosystems or ECOSYSTEMS for pattern in manifest_patterns(ecosystem))


_PUBLIC = ("docker.io", "gcr.io", "ghcr.io", "localhost", "mcr.microsoft.com", "public.ecr.aws", "quay.io", "registry.k8s.io")
"""Registries whose images are no company's base."""


def is_own_base(image: str | None) -> bool:
    """Whether the image comes from a registry of somebody's own, and so may be made from an AWS-provided base."""
    reference = image_reference(image) if image else None
    return reference is not None and reference.registry not in _PUBLIC


def expanded(text: str, variables: Mapping[str, str | None]) -> str | None:
    try:
        return expand(text, variables, complete=False)
    except (UnknownVariable, WordFault):
        return None


def tagged(image: str) -> str | None:
    """The image as a step may name it, with registry and tag; None for what is not an image reference."""
    reference = image_reference(image)
    if reference is None:
        return None
    return str(reference if reference.tag or reference.digest else replace(reference, tag="latest"))
