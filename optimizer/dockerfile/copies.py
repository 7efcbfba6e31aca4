"""What COPY and ADD bring into a stage."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from optimizer.dockerfile.instruction import Instruction, Span
from optimizer.dockerfile.scope import ResolvedStage
from optimizer.locks.managers import ECOSYSTEMS, manifest_patterns

_COMPANIONS = (".npmrc", ".yarnrc", ".yarnrc.yml", ".yarn", "pip.conf", "nuget.config", "NuGet.config", "gradlew", "gradle", "mvnw", ".mvn", "*.whl", "wheels")  # fmt: skip
"""Files that an installation needs and that change as rarely as what it installs."""

_REMOTE = re.compile(r"(?:https?|ftp)://", re.IGNORECASE)
_COMMIT = re.compile(r"#[0-9a-f]{40}(?:[0-9a-f]{24})?(?::|$)|[?&](?:commit|checksum)=[0-9a-f]{40}", re.IGNORECASE)
_GIT = re.compile(r"git@|git://|ssh://|https?://[^#?]*\.git(?:[#?]|$)", re.IGNORECASE)


def is_of_git(text: str) -> bool:
    """Whether a builder takes the text for a repository of Git: https://docs.docker.com/reference/dockerfile/#adding-files-from-a-git-repository"""
    return bool(_GIT.match(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source of a copy: its value, None where it is unknown, and its span."""

    value: str | None
    span: Span

    @property
    def remote(self) -> bool:
        """Whether it is fetched from a URL over HTTP or FTP."""
        return self.value is not None and bool(_REMOTE.match(self.value)) and not _GIT.match(self.value)

    @property
    def of_git(self) -> bool:
        """Whether it is a repository of Git."""
        return self.value is not None and is_of_git(self.value)

    @property
    def of_commit(self) -> bool:
        """Whether a repository of Git is taken at a commit, which cannot move."""
        return self.value is not None and bool(_COMMIT.search(self.value))

    @property
    def local(self) -> bool:
        """Whether it comes from the build context, as far as is known."""
        return self.value is None or not (_REMOTE.match(self.value) or _GIT.match(self.value))

    @property
    def everything(self) -> bool:
        """Whether it is the whole context."""
        return self.value is not None and posixpath.normpath(f"/{self.value}") in ("/", "/*", "/**")

    def manifest_of(self, ecosystem: str) -> bool:
        """Whether it is a manifest or a lock file of the ecosystem."""
        return self.value is not None and _is_one_of(self.value, manifest_patterns(ecosystem))

    @property
    def manifest_of_any(self) -> bool:
        """Whether it is a manifest or a lock file of any ecosystem."""
        return any(self.manifest_of(ecosystem) for ecosystem in ECOSYSTEMS)

    def stable_beside(self, ecosystem: str) -> bool:
        """Whether it may well be copied together with the manifests of the ecosystem."""
        return self.value is not None and (self.manifest_of(ecosystem) or _is_one_of(self.value, _COMPANIONS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A COPY or ADD of a stage.

    ``origin`` is the value of ``--from``, None for the build context; here-
    documents are no sources.  ``target`` is None where it is unknown.
    """

    instruction: Instruction
    origin: str | None
    sources: tuple[Source, ...]
    target: str | None

    @property
    def from_context(self) -> tuple[Source, ...]:
        """The sources that come from the build context."""
        return () if self.origin is not None else tuple(source for source in self.sources if source.local)


def copies(stage: ResolvedStage) -> Iterator[tuple[int, Copy]]:
    """The copies of a stage, each with its index among the stage's instructions."""
    for index, (instruction, values) in enumerate(zip(stage.stage.instructions, stage.expanded, strict=True)):
        if instruction.keyword in ("ADD", "COPY") and len(values) >= 1:
            yield index, _copy(instruction, values)


def _copy(instruction: Instruction, values: Sequence[str | None]) -> Copy:
    flag = instruction.flag("from")
    sources = [
        Source(value=value, span=instruction.at(word))
        for word, value in zip(instruction.words[:-1], values[:-1], strict=False)
        if not word.text.startswith("<<")
    ]
    return Copy(instruction=instruction, origin=flag.value if flag else None, sources=tuple(sources), target=values[-1])


def _is_one_of(value: str, patterns: Sequence[str]) -> bool:
    name = posixpath.basename(value.rstrip("/"))
    # `package*.json` and `requirements.tx[t]` are patterns too, of which the literal letters must fit.
    plain = re.sub(r"\[(.)\]", r"\1", name).replace("*", "").replace("?", "")
    return any(fnmatch.fnmatchcase(name, pattern) or (plain != name and _fits(name, plain, pattern)) for pattern in patterns)


def _fits(name: str, plain: str, pattern: str) -> bool:
    literal = pattern.replace("*", "")
    if plain in ("", ".") or len(name) > 200:
        return False
    return fnmatch.fnmatchcase(literal, name) or fnmatch.fnmatchcase(plain, pattern)
