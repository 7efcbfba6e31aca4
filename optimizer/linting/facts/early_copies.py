"""Which copies stand before an installation that they make run again."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from optimizer.dockerfile.copies import Copy, Source
from optimizer.dockerfile.installs import Install, install_of
from optimizer.dockerfile.instruction import Instruction
from optimizer.dockerfile.rendered import SCRIPTS
from optimizer.dockerfile.scope import ResolvedStage
from optimizer.dockerfile.shell import Command
from optimizer.linting.facts.harmless import cleans_up, writes_nothing
from optimizer.linting.subjects import DockerfileSubject
from optimizer.locks.managers import manifest_patterns

SOURCE_ENDINGS = (".cjs", ".cs", ".fs", ".go", ".java", ".js", ".kt", ".mjs", ".py", ".rb", ".rs", ".scala", ".ts")
_SOURCE_DIRECTORIES = frozenset(["app", "cmd", "functions", "handler", "handlers", "internal", "lambda", "lib", "pkg", "source", "src"])
_LINEAGE = 5
_LONGEST_COMMAND = 40
_BY_NAME = "by name"
"""Stands for the ecosystem of every installation that needs no file of the context."""

_FETCHES = {
    "dotnet": "dotnet restore --locked-mode",
    "go": "go mod download",
    "java": "mvn dependency:go-offline, or gradle dependencies",
    "rust": "cargo fetch --locked",
}
"""What fetches dependencies and compiles nothing, by ecosystem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyCopy:
    """A copy of files that change often, before an installation that does not need them.

    ``together`` says that the same copy brings the manifest or lock file;
    ``source`` is the source of the copy that changes often.  ``then`` is a
    command behind the installation, in the same RUN, that may need the copy;
    None where there is none.
    """

    copy: Copy
    source: Source
    install: Install
    together: bool
    then: Command | None = None

    @property
    def title(self) -> str:
        """What messages call the copied files."""
        return "everything" if self.source.everything else f'"{self.source.value}"'

    @property
    def hint(self) -> str:
        """What to do where more than the order of two instructions has to change; empty elsewhere, where the rules' own advice fits."""
        if not self.install.compiles:
            if self.then is None:
                return ""
            command = " ".join(self.then.words)
            shown = command if len(command) <= _LONGEST_COMMAND else f"{command[:_LONGEST_COMMAND]}…"
            before = (
                "copy the manifest and the lock file by themselves, install, and then copy the sources"
                if self.together
                else ("install above the copy")
            )
            return f'split the RUN: {before}; "{shown}" may need the sources, so run it below their copy'
        return f"copy the manifest and the lock file, fetch the dependencies ({_FETCHES[self.install.ecosystem]}), and copy the sources after that"


@dataclass(slots=True)
class _State:
    """What an ecosystem's next installation has before it."""

    manifest_seen: bool = False
    fetched: bool = False
    pending: list[tuple[Copy, Source, bool]] = field(default_factory=list)


def early_copies(subject: DockerfileSubject) -> Iterator[EarlyCopy]:
    """Every such copy of the stages that are built, with the first installation after it, for each ecosystem."""
    # Two rules ask.
    yield from subject.once("early copies", lambda: (early for stage in subject.needed_stages for early in _of_stage(subject, stage)))


def _of_stage(subject: DockerfileSubject, stage: ResolvedStage) -> Iterator[EarlyCopy]:
    lineage = subject.resolved.lineage(stage.stage.index, _LINEAGE)
    states: dict[str, _State] = {}
    seen: list[Copy] = []
    for index in reversed(lineage):
        current = subject.resolved.stages[index]
        found = dict(subject.copies(current))
        for number, instruction in enumerate(current.stage.instructions):
            if number in found:
                seen.append(found[number])
                for ecosystem, state in states.items():
                    _note(subject, state, found[number], ecosystem)
            found_here = _installs(subject, instruction)
            for install in found_here:
                ecosystem = _BY_NAME if install.by_name else install.ecosystem
                if ecosystem not in states:
                    state = states[ecosystem] = _State()
                    for copy in seen:
                        _note(subject, state, copy, ecosystem)
                yield from _judged(subject, instruction, install, found_here, states[ecosystem])


def _installs(subject: DockerfileSubject, instruction: Instruction) -> list[Install]:
    found = subject.installs(instruction)
    cached = any(flag.name == "mount" and flag.fields().get("type") == "cache" for flag in instruction.flags)
    # A build needs its sources, and with a cache mount its dependencies are there already.
    return [install for install in found if not (install.compiles and cached)]


def _afterwards(subject: DockerfileSubject, instruction: Instruction, found: Sequence[Install]) -> Command | None:
    """The first command behind the last installation that does more than to clean up."""
    behind = subject.commands(instruction)
    if found:
        behind = behind[behind.index(found[-1].command) + 1 :]
    return next((command for command in behind if not (writes_nothing(command) or cleans_up(command) or install_of(command))), None)


def _judged(
    subject: DockerfileSubject, instruction: Instruction, install: Install, found: Sequence[Install], state: _State
) -> Iterator[EarlyCopy]:
    pending, state.pending = state.pending, []
    then = _afterwards(subject, instruction, found) if pending else None
    # What compiles the sources must have them; only the dependencies should have been fetched before.
    if not (install.compiles and state.fetched):
        for copy, source, together in pending:
            yield EarlyCopy(copy=copy, source=source, install=install, together=together, then=then)
    state.fetched = state.manifest_seen = True


def _note(subject: DockerfileSubject, state: _State, copy: Copy, ecosystem: str) -> None:
    if subject.planned and copy.target is not None and copy.target.rstrip("/") == SCRIPTS:
        # They are part of the installation, and change with this project alone.
        return
    sources = copy.from_context
    if ecosystem == _BY_NAME:
        state.pending += [(copy, source, False) for source in sources if is_code(subject, source)][:1]
        return
    with_manifest = any(
        source.everything or source.manifest_of(ecosystem) or _holds_manifest(subject, source, ecosystem) for source in sources
    )
    if sources and all(source.stable_beside(ecosystem) for source in sources):
        state.manifest_seen = state.manifest_seen or with_manifest
        return
    volatile = [source for source in sources if not source.stable_beside(ecosystem) and (with_manifest or is_code(subject, source))]
    if volatile:
        state.pending.append((copy, volatile[0], with_manifest and not state.manifest_seen))


def is_code(subject: DockerfileSubject, source: Source) -> bool:
    """Whether the source is, or holds, code of the project, by its name or by the context."""
    if source.value is None:
        return False
    if source.everything:
        return True
    name = posixpath.basename(source.value.rstrip("/*"))
    if name.endswith(SOURCE_ENDINGS) or name in _SOURCE_DIRECTORIES:
        return True
    inside = _inside(subject, source)
    return any(item.endswith(SOURCE_ENDINGS) for item in inside)


def _holds_manifest(subject: DockerfileSubject, source: Source, ecosystem: str) -> bool:
    import fnmatch

    names = _inside(subject, source)
    return any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in manifest_patterns(ecosystem))


def _inside(subject: DockerfileSubject, source: Source) -> tuple[str, ...]:
    """The names in the directory that the source is, as far as the context is known."""
    if subject.context is None or source.value is None or source.everything:
        return ()
    return subject.context.names(posixpath.normpath(source.value.lstrip("/").rstrip("*"))) or ()
