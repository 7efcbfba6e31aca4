"""LIO401: packages are installed at whatever version is the newest."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator

from optimizer.dockerfile.instruction import Span
from optimizer.lint.conventions import Conventions
from optimizer.lint.finding import Edit, Fix, Severity, Undecided, Verdict, Violation
from optimizer.lint.installs import Install
from optimizer.lint.rule import Rule
from optimizer.lint.subjects import DockerfileSubject


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for item in subject.needed_stages:
        for instruction in item.stage.instructions:
            for install in subject.installs(instruction):
                judge = _JUDGES.get(install.tool)
                if judge is not None:
                    yield from judge(subject, install)


def _pip(subject: DockerfileSubject, install: Install) -> Iterator[Verdict]:
    command = install.command
    if install.tool == "uv" and install.verb == "sync":
        if not command.has("--frozen", "--locked"):
            fix = _flag_added(subject, install, "--frozen", "uv.lock")
            yield Violation(message="uv sync may change the lock", span=command.span, hint="add --frozen", fix=fix)
        return
    if command.has("--require-hashes"):
        return
    files = install.value_of("-r", "--requirement")
    for name in files:
        text = _requirements(subject, name)
        if text is None:
            yield Undecided(reason=f'"{name}" is not in the known context, so nobody can tell whether it has hashes', span=command.span)
        elif "--hash=" not in text and _installs_something(text):
            yield Violation(
                message=f'"{name}" has no hashes',
                span=command.span,
                hint="lock with uv pip compile --generate-hashes or pip-compile --generate-hashes, and add --require-hashes",
            )
    loose = [name for name in install.distributed if "==" not in name and "@" not in name]
    if loose and not install.value_of("-c", "--constraint"):
        named = ", ".join(loose[:5])
        yield Violation(
            message=f"{named}: installed without a version", span=command.span, hint="write name==version, or install from a lock file"
        )


def _requirements(subject: DockerfileSubject, name: str) -> str | None:
    """The text of a requirements file that the build sees under the name."""
    if subject.context is None or ("$" in name and not name.rpartition("/")[2]):
        return None
    return subject.context.read_text(posixpath.basename(name))


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
    "pip": _pip,
    "uv": _pip,
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
    fix="install from a lock file, and let the installer refuse what the lock does not have",
    bad="COPY package.json ./\nRUN npm install",
    good="COPY package.json package-lock.json ./\nRUN npm ci",
    dockerfile=_check,
)
