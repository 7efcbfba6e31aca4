"""What a command of a RUN does, in the terms of a proposal."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.adoption.proposal import NotCarried


@dataclass(frozen=True, slots=True)
class NotNeeded:
    """The command adds nothing to the image that the optimizer does not add itself."""

    why: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The command changes something that no step can say."""

    not_carried: tuple[NotCarried, ...]

    @classmethod
    def of(cls, message: str, by_hand: str) -> Lost:
        """The loss of one thing."""
        return cls((NotCarried(message, by_hand),))


@dataclass(frozen=True, slots=True)
class Opaque:
    """What the command writes is unknown."""

    what: str


@dataclass(frozen=True, slots=True)
class ChangeDirectory:
    """``cd``."""

    path: str


@dataclass(frozen=True, slots=True)
class MakeDirectories:
    """``mkdir``, or an environment of Python's, which is a directory too."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Copy:
    """``cp`` or ``mv``."""

    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True, slots=True)
class Unpack:
    """``unzip``, ``jar -xf`` or ``tar -xf``: an archive and the directory that its content lands in; ``what`` describes it to a person."""

    archive: str
    target: str
    what: str


@dataclass(frozen=True, slots=True)
class Remove:
    """``rm``."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Executable:
    """A mode that makes files executable."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Make:
    """A command that makes one file: its words up to the path, the path, and the words after that."""

    before: tuple[str, ...]
    path: str
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class System:
    """Packages of the operating system."""

    tool: str
    packages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """An installer with a manifest or a lock.

    ``files`` are the candidates for the lock, seen from the working directory,
    the first that is there wins.  ``targets`` are the directories that the
    packages land in.  ``not_carried`` are parts of the command that are lost.
    ``own`` says that the project itself is installed too, ``whole`` that it
    is done for every member of a workspace.  ``wheels`` are files that are
    installed beside those that the files name, ``links`` places where the
    installer looks for such files, and ``without_index`` says that it looks
    nowhere else.
    """

    ecosystem: str
    files: tuple[str, ...]
    targets: tuple[str, ...]
    values: tuple[tuple[str, object], ...] = ()
    not_carried: tuple[NotCarried, ...] = ()
    remarks: tuple[str, ...] = ()
    how: str = ""
    own: bool = False
    whole: bool = False
    wheels: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    without_index: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A lock written in another form; ``values`` and ``own`` are those of what it installs."""

    lock: str
    output: str
    values: tuple[tuple[str, object], ...] = ()
    not_carried: tuple[NotCarried, ...] = ()
    own: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A program that is compiled.

    The source is the directory of the first of the ``manifests`` that is
    there, of .NET what the command names; ``outputs`` are what the builder writes, of Java in that directory
    and in those of its modules.  ``package``, ``binary``, ``tool`` and
    ``module`` are those that the command names, in its own words, None where
    it names none.
    """

    ecosystem: str
    manifests: tuple[str, ...]
    outputs: tuple[str, ...]
    package: str | None = None
    binary: str | None = None
    tool: str | None = None
    module: str | None = None
    not_carried: tuple[NotCarried, ...] = ()


Action = (
    NotNeeded
    | Lost
    | Opaque
    | ChangeDirectory
    | MakeDirectories
    | Copy
    | Unpack
    | Remove
    | Executable
    | Make
    | System
    | Dependencies
    | Export
    | Build
)

SITE = ("/var/lang/lib", "/usr/local/lib", "/usr/lib/python3", "/root/.local")
"""Where packages of Python land that are installed into no directory of their own."""
