"""What a toolchain is: how one kind of step becomes stages."""

from __future__ import annotations

import enum
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from optimizer.bases.catalogue import BaseImage
from optimizer.bases.tools import Tools
from optimizer.errors import Fault
from optimizer.locks.files import ProjectFiles
from optimizer.locks.local import Local
from optimizer.model.packing import Packing
from optimizer.model.plan import Stage
from optimizer.model.recipes.recipe import PackageSet
from optimizer.model.reference import ImageReference
from optimizer.model.stability import Stability
from optimizer.model.steps import Step

GENERATED_FILES = ("**/.git", "**/.hg", "**/.svn", "**/.DS_Store", "**/cdk.out", "**/.aws-sam", "**/.optimizer")
"""Patterns of what never belongs into an image, left out of every directory of code: `sam build` writes another id there each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an image is built for.

    ``base`` is the catalogue's entry of the runtime; ``image`` the unpinned
    reference of the image that stages start from: the base's own, or the custom
    base that the spec names.  ``bytecode`` asks for compiled Python code.
    ``tools`` are the programs that stages bring, and the images that build.
    """

    base: BaseImage
    image: ImageReference
    architecture: str
    build_arguments: tuple[tuple[str, str], ...] = ()
    bytecode: bool = True
    tools: Tools = Tools()

    @property
    def language(self) -> str:
        """What scripts in images of the runtime may be written in: ``python``, ``nodejs``, ``ruby``, or ``shell``."""
        return self.base.family if self.base.family in ("python", "nodejs", "ruby") else "shell"

    @property
    def compiles_python(self) -> bool:
        """Whether trees hold the compiled form of their Python code."""
        return self.bytecode and self.base.family == "python"

    def packages(self, names: Iterable[str]) -> PackageSet | None:
        """Packages for the base's own package manager; None without names."""
        found = tuple(sorted(set(names)))
        return PackageSet(manager=self.base.package_manager, names=found) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepContext:
    """A step's own name and stability, given or derived, and what it stands in.

    ``steps`` are all of the spec, and ``environment`` is that of the image;
    both are for warnings, and decide nothing of the step's stages.
    ``packing`` says which packages have layers of their own, and ``programs``
    are the exact versions of the image's programs that the lock has, by their
    names, such as ``npm``.
    """

    name: str
    stability: Stability
    target: Target
    project: ProjectFiles
    steps: tuple[Step, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    packing: Packing = Packing()
    programs: Mapping[str, str] = field(default_factory=dict)


class Rank(enum.IntEnum):
    """The order of equally stable layers: what other steps tend to need comes first."""

    SYSTEM_PACKAGES = 10
    EXTENSION = 20
    PYTHON_DEPENDENCIES = 30
    NODE_DEPENDENCIES = 40
    RUBY_DEPENDENCIES = 50
    JAVA_BUILD = 60
    FILES = 70
    COMMAND = 80
    NODE_BUILD = 85
    GO_BUILD = 90
    RUST_BUILD = 100
    DOTNET_BUILD = 110
    SOURCE_CODE = 120


class Toolchain(Protocol):
    """How one kind of step becomes stages.

    ``families`` are the runtime families that the step works with; empty for
    all of them.  ``rank`` orders equally stable layers, lowest first; the
    project's own kinds have those of :class:`Rank`.  ``sees_trees`` says that
    the stages that make trees find those of the steps that the step comes
    ``after``.
    """

    families: tuple[str, ...]
    rank: int
    sees_trees: bool

    def images(self, step: Any, target: Target) -> tuple[ImageReference, ...]:
        """The images that the stages start from besides the base, unpinned."""

    def check(self, step: Any, context: StepContext) -> Iterable[Fault]:
        """What is wrong with the step for this target and project; places are relative to the step."""

    def stages(self, step: Any, context: StepContext) -> Sequence[Stage]:
        """The stages of a step without faults; each comes after the stages that it needs."""


@runtime_checkable
class ReadsLocks(Protocol):
    """A toolchain whose steps name a lock file or a manifest.

    Planning refuses a step when something that ``local`` lists leaves the
    project, is not there, or is in no input of the step's stages.
    """

    def local(self, step: Any, context: StepContext) -> Iterable[Local]:
        """What the step's lock and manifests name in the project; asked only of a step whose ``check`` found no fault."""


@runtime_checkable
class Warns(Protocol):
    """A toolchain that has a warning about a step without faults."""

    def warnings(self, step: Any, context: StepContext) -> Iterable[str]:
        """Sentences for people; they change nothing in the image."""


@runtime_checkable
class TakesSecrets(Protocol):
    """A toolchain whose steps have ``secrets`` for an installer that is known; planning refuses those that it does not read."""

    def installers(self, step: Any, context: StepContext) -> Sequence[str]:
        """Names of :data:`optimizer.toolchains.installers.INSTALLERS`: the packages' own first, then those that bring it into the stage."""


def local_faults(items: Iterable[Local], context: StepContext) -> Iterable[Fault]:
    """The faults of what a lock names and the project does not hold; placed at ``lock`` or ``source`` by the caller's step."""
    for item in items:
        what = f"{item.place} names {item.title}"
        if item.outside:
            yield Fault(
                f"{what}, which is outside the project",
                "",
                "set the project's root to a directory that holds both (optimizer:root in cdk.json, --root)",
            )
            continue
        kind = context.project.kind(item.path)
        if kind == item.kind.on_disk:
            continue
        found = f"is a {kind}" if kind else "does not exist in the project"
        yield Fault(f"{what}, which {found}", "", "create it, or remove the entry that names it and lock again")


def below(directory: str, name: str) -> str:
    """The path of something in a directory of the project, in normal form; ``.`` is the project itself."""
    return posixpath.normpath(posixpath.join(directory, name))


def not_there(context: StepContext) -> str:
    """That something is not in the project, with its root: whoever plans in another directory means another project."""
    return f'does not exist in the project "{context.project.root}"'


def missing_file(context: StepContext, path: str, place: str, what: str, hint: str) -> Iterable[Fault]:
    """The fault of a file that is not in the project; none when it is there."""
    kind = context.project.kind(path)
    if kind == "file":
        return
    found = "is a directory" if kind == "directory" else not_there(context)
    yield Fault(f'{what} "{path}" {found}', place, hint)


def missing_directory(context: StepContext, path: str, place: str, what: str) -> Iterable[Fault]:
    """The fault of a directory that is not in the project; none when it is there."""
    kind = context.project.kind(path)
    if kind == "directory":
        return
    found = "is a file" if kind == "file" else not_there(context)
    yield Fault(f'{what} "{path}" {found}', place, "write the path of a directory, relative to the project's root")


def beside(path: str, name: str) -> str:
    """The path of a file in the same directory."""
    return posixpath.join(posixpath.dirname(path), name)
