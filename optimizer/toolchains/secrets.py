"""Whether the installer of a step reads the build secrets of the step.

A secret that its installer ignores is worse than none: what was to come from a
private index comes from the public one, where anybody may take its name.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from optimizer.errors import ContextError, Fault, did_you_mean
from optimizer.locks.files import ProjectFiles
from optimizer.model.inputs import Input
from optimizer.model.plan import Stage
from optimizer.model.secret import BuildSecret
from optimizer.toolchains.installers import GIT, INSTALLERS, USER_NPMRC, Installer, equivalent, role
from optimizer.toolchains.toolchain import StepContext

# Their values are paths, so that a file may have any place.
_NAMES_CONFIGURATION = re.compile(r"(?:CONFIG|CONFIG_FILE)$", re.IGNORECASE)
_NAMES_A_FILE = re.compile(r"(?:NETRC|CONFIG|CONFIG_FILE|CERT|CERTS|CERT_FILE|CERT_DIR|BUNDLE|CAINFO|CAFILE)$", re.IGNORECASE)
_ARCHIVES = (".whl", ".gz", ".tgz", ".zip", ".jar", ".gem", ".nupkg")
# Options of a requirements file in whose place pip takes nothing from elsewhere.
_OWN_INDEX = re.compile(r"^\s*(?:-i|--index-url)(?:\s+|=)(?P<url>\S+)")


def secret_faults(step: Any, installers: Sequence[str], context: StepContext, stages: Iterable[Stage]) -> Iterator[Fault]:
    """A fault for each build secret that the step's installer would not read, or would not follow.

    ``installers`` are names of :data:`INSTALLERS`: the one that installs the
    packages first, then those that only bring it into the stage.
    """
    main, *helpers = (INSTALLERS[name] for name in installers)
    reading = _Reading(
        main=main,
        helpers=tuple(helpers),
        secrets=step.secrets,
        texts=tuple(_texts(main, context.project, stages)),
        own_image=_has_own_image(step, context),
    )
    for position, secret in enumerate(step.secrets):
        yield from (fault.under(f"secrets[{position}]") for fault in reading.faults(secret))
    yield from _index_faults(step, main, reading.texts)


def index_by_secret(step: Any) -> bool:
    """Whether a build secret of a step of Python packages names the index in place of the lock's or the public one."""
    return any(secret.to_env in INSTALLERS[step.installer].indexes for secret in step.secrets)


def user_npmrc(npmrc: str, step: Any, context: StepContext) -> tuple[Input, ...]:
    """The .npmrc of the project as the one of the user, for a tool that reads no other.

    npm reads no project's file when it installs a program, and pnpm replaces
    no variable in the credentials of one: https://pnpm.io/10.x/npmrc.
    """
    taken = any(secret.target == USER_NPMRC for secret in step.secrets if not secret.to_env)
    if taken or context.project.kind(npmrc) != "file":
        return ()
    return (Input(source=npmrc, target=USER_NPMRC, directory=False),)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What the programs of a step read: ``texts`` are the project's files, by path, in which they replace variables.

    With an image of the user's own, it is unknown what its configuration
    names; so a secret is refused only where another program is known to want it.
    """

    main: Installer
    helpers: tuple[Installer, ...]
    secrets: tuple[BuildSecret, ...]
    texts: tuple[tuple[str, str], ...]
    own_image: bool

    def faults(self, secret: BuildSecret) -> Iterator[Fault]:
        if secret.to_env is not None:
            if not self._reads_variable(secret.to_env):
                yield Fault(
                    f'{self.main.name} does not read the variable "{secret.to_env}" of the build secret "{secret.id}"',
                    "to_env",
                    self._variable_hint(secret.to_env),
                )
        elif not self._reads_file(secret.target):
            yield Fault(
                f'{self.main.name} does not read the file "{secret.target}" of the build secret "{secret.id}"',
                "to_file" if secret.to_file else "",
                self._file_hint(),
            )

    def _reads_variable(self, name: str) -> bool:
        if self.main.reads_variable(name):
            return not self._is_unnamed_index(name)
        if GIT.reads_variable(name) or self._mentions(name):
            return True
        if any(helper.reads_variable(name) for helper in self.helpers):
            # Only the packages' own installer decides where they come from.
            elsewhere = role(name) in ("index", "extra", "links") or _NAMES_CONFIGURATION.search(name)
            return not elsewhere or any(secret.to_env in self.main.indexes for secret in self.secrets if secret.to_env)
        if any(installer.reads_variable(name) for installer in INSTALLERS.values()):
            return False
        return self.own_image or any(_matches(secret.target, self.main.templates) for secret in self.secrets if not secret.to_env)

    def _is_unnamed_index(self, name: str) -> bool:
        """Whether the variable holds the credentials of an index of uv that has its name nowhere."""
        if not re.fullmatch(r"UV_INDEX_.+_(?:USERNAME|PASSWORD)", name):
            return False
        named = {"UV_INDEX", "UV_DEFAULT_INDEX", "UV_CONFIG_FILE"} & {secret.to_env for secret in self.secrets}
        configured = any(secret.target.endswith("/uv.toml") for secret in self.secrets if not secret.to_env)
        return not named and not configured

    def _reads_file(self, path: str) -> bool:
        if self.main.reads_file(path) or (GIT.reads_file(path) and self._has_repositories()) or any(path in text for _, text in self.texts):
            return True
        variables = [secret.to_env for secret in self.secrets if secret.to_env]
        if any(_NAMES_A_FILE.search(name) and self._reads_variable(name) for name in variables):
            return True
        if any(helper.reads_file(path) for helper in self.helpers):
            return any(self.main.reads_variable(name) for name in variables)
        return self.own_image and not any(installer.reads_file(path) for installer in INSTALLERS.values())

    def _mentions(self, name: str) -> bool:
        if not self.main.mention:
            return False
        pattern = re.compile(self.main.mention.format(name=re.escape(name)))
        texts = (text for path, text in self.texts if _is_setting(path, self.main))
        lines = (line for text in texts for line in text.splitlines() if not line.lstrip().startswith(("#", ";")))
        return any(pattern.search(line) for line in lines)

    def _has_repositories(self) -> bool:
        return any(re.search(r"\bgit\b", text, re.IGNORECASE) for _, text in self.texts)

    def _variable_hint(self, name: str) -> str:
        main = self.main
        ours = equivalent(name, main)
        if ours is not None:
            return f'write to_env="{ours}"'
        if main.reads_variable(name):
            return (
                f'give the index that name in a build secret with to_env="UV_INDEX", whose value is {_index_name(name)}=URL; '
                'or give the credentials of its host in a netrc file, to_file="/root/.netrc"'
            )
        known = [pattern for pattern in main.variables if "*" not in pattern]
        near = did_you_mean(name, known)
        if near:
            return near
        ways = [f"write {main.written.format(name=name)}"] if main.written else []
        ways.append(f"use a variable that {main.name} reads, such as {next(iter((*main.roles.values(), *main.variables)))}")
        return "; or ".join((*ways, "use it in a Command step, which can read any secret"))

    def _file_hint(self) -> str:
        places = [path for path in (*self.main.files, *self.main.templates) if "*" not in path]
        return f'set to_file to a file that {self.main.name} reads, such as "{places[0]}", or set to_env'


def _texts(installer: Installer, project: ProjectFiles, stages: Iterable[Stage]) -> Iterator[tuple[str, str]]:
    """The inputs of the stages in which the installer replaces variables, or which name the packages that it fetches."""
    inputs: set[Input] = {item for stage in stages for item in stage.inputs()}
    paths = {item.source for item in inputs if not item.directory}
    paths |= {posixpath.normpath(posixpath.join(item.source, name)) for item in inputs if item.directory for name in installer.settings}
    for path in sorted(paths):
        if project.kind(path) != "file" or path.endswith(_ARCHIVES):
            continue
        try:
            yield path, project.read_text(path)
        except ContextError:
            # It is not text, so it names nothing.
            continue


def _is_setting(path: str, installer: Installer) -> bool:
    return any(fnmatchcase(path, f"*{name}") for name in installer.settings)


def _matches(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def _index_name(variable: str) -> str:
    return variable.removeprefix("UV_INDEX_").rpartition("_")[0].lower()


def _has_own_image(step: Any, context: StepContext) -> bool:
    builder = getattr(step, "builder", ...)
    return context.target.image != context.target.base.reference if builder is ... else builder is not None


def _index_faults(step: Any, installer: Installer, texts: Iterable[tuple[str, str]]) -> Iterator[Fault]:
    """Two answers to the question where packages come from, of which the installer would drop one in silence."""
    given = [secret.to_env for secret in step.secrets if secret.to_env in installer.indexes]
    for field in ("index_url", "registry"):
        if getattr(step, field, None) and given:
            yield Fault(
                f"{field} and the build secret in {given[0]} both set the index, and {installer.name} uses only one of them",
                field,
                f"remove {field}, and put its URL into the secret; or keep it, and put only the credentials into a secret, "
                "such as a netrc file",
            )
    if installer.name == "pip" and (given or getattr(step, "index_url", None)):
        for path, text in texts:
            for number, line in enumerate(text.splitlines(), 1):
                match = _OWN_INDEX.match(line)
                if match:
                    yield Fault(
                        f'{path}:{number} names the index "{match["url"]}", which pip uses instead of {given[0] if given else "index_url"}',
                        "lock",
                        'remove the line, or set installer="uv"',
                    )
