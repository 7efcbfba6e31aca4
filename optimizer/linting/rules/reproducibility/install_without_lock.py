"""LIO401: packages are installed at whatever version is the newest."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from optimizer.dockerfile.installs import Install
from optimizer.dockerfile.instruction import Instruction, Span
from optimizer.dockerfile.scope import ResolvedStage, absolute
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Edit, Fix, Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

_LOCK = re.compile(r"pylock(?:\.[^./]+)?\.toml")
"""A lock of PEP 751, which has a hash of every file."""

_INCLUDE = re.compile(r"^[ \t]*(?:-r|--requirement)[ \t=]*([^\s#]+)", re.MULTILINE)
_MOST_FILES = 20
"""Of requirements files that include one another."""

_MOST_SOURCES = 100
"""Of copies and mounts among which a file is looked for."""


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for item in subject.needed_stages:
        for instruction in item.stage.instructions:
            for found in subject.installs(instruction):
                judge = _JUDGES.get(found.tool)
                if judge is None and found.tool not in ("pip", "uv"):
                    continue
                install = replace(found, packages=tuple(name for name in found.packages if not name.startswith("$")))
                if install.packages != found.packages:
                    yield Inconclusive(reason="a variable of the shell names the packages", span=found.command.span)
                    if not install.packages:
                        continue
                yield from _python(subject, install, item, instruction) if judge is None else judge(subject, install)


def _python(subject: DockerfileSubject, install: Install, stage: ResolvedStage, instruction: Instruction) -> Iterator[Verdict]:
    command = install.command
    if install.tool == "uv" and install.verb == "sync":
        if not command.has("--frozen", "--locked"):
            fix = _flag_added(subject, install, "--frozen", "uv.lock")
            yield Violation(message="uv sync may change the lock", span=command.span, hint="add --frozen", fix=fix)
        return
    # Without an index there is nothing newer to be found.
    if command.has("--require-hashes", "--no-index"):
        return
    files = install.value_of("-r", "--requirement")
    for name in files:
        if _LOCK.fullmatch(posixpath.basename(name)):
            continue
        path = _in_context(subject, name, stage, instruction)
        text = _requirements(subject, path) if path else None
        if text is None:
            yield Inconclusive(reason=f'"{name}" is not in the known context, so it is unknown whether it has hashes', span=command.span)
        elif "--hash=" not in text and _installs_something(text):
            yield Violation(
                message=f'"{path}" has no hashes',
                span=command.span,
                hint="lock with uv pip compile --generate-hashes or pip-compile --generate-hashes, and add --require-hashes",
            )
    loose = [name for name in install.distributed if "==" not in name and "@" not in name]
    if loose and not install.value_of("-c", "--constraint"):
        named = ", ".join(loose[:5])
        yield Violation(
            message=f"{named}: installed without a version", span=command.span, hint="write name==version, or install from a lock file"
        )


def _in_context(subject: DockerfileSubject, name: str, stage: ResolvedStage, instruction: Instruction) -> str | None:
    """The path in the build context of the file that an instruction sees under the name; None where it is unknown."""
    if subject.context is None:
        return None
    index = next(number for number, item in enumerate(stage.stage.instructions) if item is instruction)
    path = absolute(name, stage.workdirs[index]) if "$" not in name else None
    for target, source in islice(_brought(subject, stage, index), _MOST_SOURCES) if path else ():
        below = posixpath.relpath(path or "/", target)
        if not below.startswith("../"):
            found = posixpath.normpath(posixpath.join(source, below))
            if subject.context.read_text(found) is not None:
                return found
    # A copy of a copy, and paths with variables: most contexts have one file of the name.
    plain = posixpath.basename(name)
    return plain if plain and subject.context.read_text(plain) is not None else None


def _brought(subject: DockerfileSubject, stage: ResolvedStage, index: int) -> Iterator[tuple[str, str]]:
    """What an instruction of a stage sees of the build context, the last brought first: paths in the stage, and in the context."""
    for flag in stage.stage.instructions[index].flags:
        fields = flag.fields() if flag.name == "mount" else {}
        target = fields.get("target") or fields.get("dst") or fields.get("destination")
        if target and fields.get("type", "bind") == "bind" and "from" not in fields:
            path = absolute(target, stage.workdirs[index])
            if path is not None:
                yield path, (fields.get("source") or fields.get("src") or ".").lstrip("/")
    for position, copy in reversed(subject.copies(stage)):
        target = absolute(copy.target, stage.workdirs[position]) if position < index and copy.target is not None else None
        if target is None:
            continue
        for source in copy.from_context:
            if source.value is not None:
                value = source.value.lstrip("/") or "."
                # What stands at the target is a file of that name, or what a directory holds.
                yield posixpath.join(target, posixpath.basename(value)), value
                yield target, value


def _requirements(subject: DockerfileSubject, path: str) -> str | None:
    """The text of a requirements file, with those that it includes."""
    texts: dict[str, str | None] = {}
    waiting = [path]
    while waiting and subject.context is not None and len(texts) < _MOST_FILES:
        name = waiting.pop()
        if name not in texts:
            texts[name] = text = subject.context.read_text(name)
            included = _INCLUDE.findall(text or "")
            waiting += [posixpath.normpath(posixpath.join(posixpath.dirname(name), other)) for other in included]
    return None if texts.get(path) is None else "\n".join(text for text in texts.values() if text is not None)


def _installs_something(text: str) -> bool:
    return any(line.strip() and not line.strip().startswith(("#", "-")) for line in text.splitlines())


def _npm(subject: DockerfileSubject, install: Install) -> Iterator[Verdict]:
    loose = [name for name in install.distributed if "@" not in name[1:]]
    if install.verb == "install" and not install.packages:
        yield Violation(message="npm install may change the lock", span=install.command.span, hint="use npm ci, and copy package-lock.json")
    elif loose:
        named = ", ".join(loose[:5])
        yield Violation(message=f"{named}: installed without a version", span=install.command.span, hint="write name@version")


def _flag_added(subject: DockerfileSubject, install: Install, flag: str, lock: str) -> Fix | None:
    """The flag after the verb, where the lock that it asks for is known to be there."""
    command = install.command
    if subject.context is None or lock not in (subject.context.names() or ()) or install.verb not in command.words:
        return None
    sources = [source for item in subject.needed_stages for _, copy in subject.copies(item) for source in copy.from_context]
    if not any(source.everything or source.value in (lock, f"./{lock}") for source in sources):
        return None
    index = command.words.index(install.verb)
    start, end = command.places[index]
    after = command.source.text[end : end + 1]
    # In JSON form and in quotes a word stands otherwise than it reads.
    if command.source.text[start:end] != install.verb or not (after in ";&|" or after.isspace()):
        return None
    place = command.at(index).end
    return Fix(title=f"add {flag}", edits=(Edit(path=subject.path, span=Span(place, place), text=f" {flag}"),))


def _flagged(*flags: str, hint: str, lock: str = "") -> Callable[[DockerfileSubject, Install], Iterator[Verdict]]:
    """A judge of a tool that keeps to its lock only with one of the flags, of which the first is a fix where ``lock`` is copied."""

    def judge(subject: DockerfileSubject, install: Install) -> Iterator[Verdict]:
        if install.verb in ("install", "") and not install.packages and not install.command.has(*flags):
            fix = _flag_added(subject, install, flags[0], lock) if lock else None
            yield Violation(message=f"{install.tool} install may change the lock", span=install.command.span, hint=hint, fix=fix)

    return judge


def _bundle(subject: DockerfileSubject, install: Install) -> Iterator[Verdict]:
    configured = any(
        command.words[:2] == ("bundle", "config") and {"frozen", "deployment"} & set(command.words)
        for item in subject.needed_stages
        for instruction in item.stage.instructions
        for command in subject.commands(instruction)
    )
    variables = any(name in item.environment for item in subject.needed_stages for name in ("BUNDLE_FROZEN", "BUNDLE_DEPLOYMENT"))
    if not configured and not variables and not install.command.has("--frozen", "--deployment"):
        yield Violation(
            message="bundle install may change the lock", span=install.command.span, hint="set BUNDLE_FROZEN=true, and copy Gemfile.lock"
        )


def _gem(subject: DockerfileSubject, install: Install) -> Iterator[Verdict]:
    loose = [name for name in install.distributed if ":" not in name]
    if loose and not install.value_of("-v", "--version"):
        yield Violation(
            message=f"{', '.join(loose[:5])}: installed without a version", span=install.command.span, hint="write name:version"
        )


def _go(subject: DockerfileSubject, install: Install) -> Iterator[Verdict]:
    loose = [name for name in install.distributed if name.endswith(("@latest", "@upgrade", "@main", "@master"))]
    if loose:
        yield Violation(message=f"{', '.join(loose[:5])}: no version", span=install.command.span, hint="write name@v1.2.3")


def _versioned(hint: str) -> Callable[[DockerfileSubject, Install], Iterator[Verdict]]:
    """A judge of a tool that takes the version of what it installs by name from an option."""

    def judge(subject: DockerfileSubject, install: Install) -> Iterator[Verdict]:
        loose = [name for name in install.distributed if "@" not in name]
        if loose and not install.value_of("--version", "--git", "--path"):
            yield Violation(message=f"{', '.join(loose[:5])}: installed without a version", span=install.command.span, hint=hint)

    return judge


_JUDGES: dict[str, Callable[[DockerfileSubject, Install], Iterator[Verdict]]] = {
    "npm": _npm,
    "yarn": _flagged("--frozen-lockfile", "--immutable", hint="add --immutable, or --frozen-lockfile for yarn 1"),
    "pnpm": _flagged("--frozen-lockfile", hint="add --frozen-lockfile", lock="pnpm-lock.yaml"),
    "pipenv": _flagged("--deploy", "--ignore-pipfile", hint="use pipenv sync, or add --deploy"),
    "bundle": _bundle,
    "bundler": _bundle,
    "gem": _gem,
    "go": _go,
    "cargo": _versioned(hint="add --version, or name@version, and --locked"),
    "dotnet": _versioned(hint="add --version"),
}

RULE = Rule(
    id="LIO401",
    name="install-without-lock",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="Packages are installed without a lock file or without hashes.",
    why=(
        "The same Dockerfile installs other packages tomorrow: builds differ from machine to machine, layers are not shared, and a replaced "
        "package goes unnoticed."
    ),
    fix="install from a lock file, and make the installer fail for packages that are not in the lock",
    fix_in_spec="lock with hashes, as uv lock or uv pip compile --generate-hashes do, and name that lock in a step for the packages",
    bad="COPY package.json ./\nRUN npm install",
    good="COPY package.json package-lock.json ./\nRUN npm ci",
    dockerfile=_check,
)
