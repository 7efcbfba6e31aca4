"""Drafts of steps: what the instructions have given for each so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from optimizer.dockerfile.instruction import Instruction
from optimizer.model.secret import BuildSecret
from optimizer.model.steps import Command, Step, SystemPackages


@dataclass(eq=False, slots=True, kw_only=True)
class Draft:
    """A step that is being put together, and the instructions that it stands for.

    ``after`` are steps over whose files this one writes.  Two drafts are the
    same only when they are one object.
    """

    kind: type[Step]
    name: str | None = None
    secrets: tuple[BuildSecret, ...] = ()
    build_packages: tuple[str, ...] = ()
    via: list[Instruction] = field(default_factory=list)
    used: bool = False
    after: list[Draft] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """The path or the image that the step is of; empty for one that has none."""
        return ""

    def values(self) -> dict[str, object]:
        """The fields of the step that are set, by their names."""
        found: dict[str, object] = {**self._own(), "name": self.name, "secrets": self.secrets, "build_packages": self.build_packages}
        return {name: value for name, value in found.items() if value not in (None, ())}

    def _own(self) -> dict[str, object]:
        """Fields that only this kind of draft has."""
        return {}


@dataclass(eq=False, slots=True, kw_only=True)
class InstallDraft(Draft):
    """Packages of a lock file; ``options`` are other fields of the step, as the installer's options set them.

    ``own`` are the instructions that install the project itself too, ``whole``
    those that do so for every member of a workspace.
    """

    lock: str
    options: tuple[tuple[str, object], ...] = ()
    own: list[Instruction] = field(default_factory=list)
    whole: list[Instruction] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return self.lock

    def _own(self) -> dict[str, object]:
        return {"lock": self.lock, **dict(self.options)}


@dataclass(eq=False, slots=True, kw_only=True)
class BuildDraft(Draft):
    """A program that is compiled from a directory of the project."""

    source: str
    package: str | None = None
    binary: str | None = None
    project: str | None = None
    tool: str | None = None
    module: str | None = None

    @property
    def origin(self) -> str:
        return self.source

    def _own(self) -> dict[str, object]:
        return {
            "source": self.source,
            "package": self.package,
            "binary": self.binary,
            "project": self.project,
            "tool": self.tool,
            "module": self.module,
        }


@dataclass(eq=False, slots=True, kw_only=True)
class ContentDraft(Draft):
    """Code, files or an extension, copied as they are: from a path of the project, or an extension from an image.

    ``file`` is the one file of the image that is the extension, None for its
    whole ``/opt``.
    """

    source: str | None = None
    image: str | None = None
    file: str | None = None
    to: str | None = None
    exclude: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        return self.source or self.image or ""

    def _own(self) -> dict[str, object]:
        return {"source": self.source, "image": self.image, "file": self.file, "to": self.to, "exclude": self.exclude}


@dataclass(eq=False, slots=True, kw_only=True)
class PackagesDraft(Draft):
    """Packages of the system that stay in the image."""

    kind: type[Step] = SystemPackages
    packages: tuple[str, ...] = ()

    def _own(self) -> dict[str, object]:
        return {"packages": self.packages}


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What the image takes from a stage of commands: ``origin`` is its path there; ``exact`` is that of an entry."""

    origin: str
    path: str
    exact: bool


@dataclass(eq=False, slots=True, kw_only=True)
class CommandDraft(Draft):
    """Commands; of a whole stage, they are known only when its ``outputs`` are.

    Where the stage does what a step of another kind does, ``kind`` is that,
    and ``fields`` are its own.
    """

    kind: type[Step] = Command
    run: tuple[tuple[str, ...], ...] = ()
    inputs: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    image: str | None = None
    cache: tuple[str, ...] = ()
    outputs: list[Output] = field(default_factory=list)
    fields: tuple[tuple[str, object], ...] = ()

    @property
    def origin(self) -> str:
        return self.image or ""

    def _own(self) -> dict[str, object]:
        if self.fields:
            return dict(self.fields)
        return {"run": self.run, "inputs": self.inputs, "environment": self.environment, "image": self.image, "cache": self.cache}
