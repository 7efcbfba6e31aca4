"""A rendered Dockerfile as stages that can be built apart from one another.

Terms
    bare      a stage that is an image and nothing else: it costs nothing, so
              whatever stands on it may repeat it
    needs     the earlier stages that a stage stands on, or takes files from
    reads     the paths of the build context that a stage sees
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from optimizer.builders.docker.render import archive_path
from optimizer.dockerfile.instruction import Dockerfile, Instruction, ParsedStage, Span
from optimizer.dockerfile.rendered import HEADER

WHOLE_CONTEXT = "."
"""What a stage reads that may see every file of the context."""

_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_COPY_FLAGS = frozenset({"from", "link", "chown", "chmod"})
_ARCHIVE = re.escape(archive_path("NAME")).replace("NAME", r"[^/\s]+")
_WHOLE_TREE = re.compile(rf"^(ADD|COPY) (?=(?:{_ARCHIVE}|--from=\S+ /\S+/) /$)", re.MULTILINE)
_FROM_STAGE = re.compile(r"((?:--|,)from=)([A-Za-z0-9][A-Za-z0-9._-]*)(?=[\s,])")


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitStage:
    """One stage of a rendered Dockerfile.

    ``name`` is empty for the last stage, which is the image.  ``text`` is the
    stage as the file has it, FROM first.  ``needs`` are names of earlier
    stages, ``arguments`` names of global arguments, ``reads`` paths of the
    context (:data:`WHOLE_CONTEXT` for all of it), ``secrets`` ids of build
    secrets; each in the order of use, and once.
    """

    name: str
    origin: str
    text: str
    needs: tuple[str, ...]
    arguments: tuple[str, ...]
    reads: tuple[str, ...]
    secrets: tuple[str, ...]
    bare: bool

    def linked(self) -> str:
        """The stage with linked copies of whole trees: the same layers, whatever is below them.

        A builder that pushes what it has built need not even fetch what is
        below.  One that puts the image into an engine has to, and gains nothing.
        """
        return _WHOLE_TREE.sub(r"\1 --link ", self.text)

    def text_with(self, names: Mapping[str, str]) -> str:
        """The stage without its own name, with other names for the stages that it needs."""
        first, _, rest = self.text.partition("\n")
        words = re.sub(r"\s+AS\s+\S+$", "", first, flags=re.IGNORECASE).split()
        words[-1] = names.get(words[-1], words[-1])
        return "\n".join([" ".join(words), _FROM_STAGE.sub(lambda match: match[1] + names.get(match[2], match[2]), rest)])


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitDockerfile:
    """A rendered Dockerfile: the texts of its global arguments by name, and its stages; the last one is the image."""

    arguments: Mapping[str, str]
    stages: tuple[SplitStage, ...]

    def stage(self, name: str) -> SplitStage:
        """The stage of that name; KeyError when there is none."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise KeyError(name)


def split_dockerfile(dockerfile: Dockerfile) -> SplitDockerfile | None:
    """The stages of a Dockerfile that :func:`optimizer.dockerfile.render` made; None for every other.

    None too for a rendered file that somebody has changed into something that
    cannot be taken apart safely.
    """
    instructions = dockerfile.instructions
    if not dockerfile.text.startswith(HEADER + "\n"):
        return None
    if any(item.keyword == "ONBUILD" or item.heredocs or (item.keyword == "ADD" and not _is_archive(item)) for item in instructions):
        return None
    arguments = {name: _text(dockerfile, item.span) for item in dockerfile.global_arguments for name, _, _ in item.pairs()}
    stages: list[SplitStage] = []
    for stage in dockerfile.stages:
        known = [earlier.name for earlier in stages]
        stages.append(_stage(stage, _text(dockerfile, stage.span), known, arguments))
    return SplitDockerfile(arguments=arguments, stages=tuple(stages))


def _text(dockerfile: Dockerfile, span: Span) -> str:
    return "\n".join(dockerfile.lines[span.start.line - 1 : span.end.line])


def _stage(stage: ParsedStage, text: str, known: Sequence[str], global_arguments: Mapping[str, str]) -> SplitStage:
    found = _Uses(needs=[stage.origin], reads=[], secrets=[])
    used = _VARIABLE.findall(stage.start.value)
    for instruction in stage.instructions:
        if instruction.keyword == "ARG":
            used += [name for name, value, _ in instruction.pairs() if value is None]
        elif instruction.keyword in ("ADD", "COPY"):
            found.add_copy(instruction)
        elif instruction.keyword == "RUN":
            found.add_run(instruction)
    return SplitStage(
        name=stage.name,
        origin=stage.origin,
        text=text,
        needs=tuple(dict.fromkeys(name for name in found.needs if name in known)),
        arguments=tuple(dict.fromkeys(name for name in used if name in global_arguments)),
        reads=tuple(dict.fromkeys(found.reads)),
        secrets=tuple(dict.fromkeys(found.secrets)),
        bare=not stage.instructions,
    )


@dataclass(slots=True)
class _Uses:
    """What the instructions of a stage use, collected one after another."""

    needs: list[str]
    reads: list[str]
    secrets: list[str]

    def add_copy(self, instruction: Instruction) -> None:
        origin = instruction.flag("from")
        if origin is not None:
            self.needs.append(origin.value or "")
            return
        sources = _copy_sources(instruction)
        exact = sources is not None and {flag.name for flag in instruction.flags} <= _COPY_FLAGS
        self.reads += map(_path, sources or ()) if exact else [WHOLE_CONTEXT]

    def add_run(self, instruction: Instruction) -> None:
        for flag in instruction.flags:
            if flag.name != "mount":
                continue
            fields = flag.fields()
            kind = fields.get("type", "bind")
            if "from" in fields:
                self.needs.append(fields["from"])
            elif kind == "bind":
                self.reads.append(_path(fields.get("source") or fields.get("src") or WHOLE_CONTEXT))
            elif kind == "secret":
                self.secrets.append(fields.get("id", ""))


def _is_archive(add: Instruction) -> bool:
    return len(add.words) == 2 and re.fullmatch(_ARCHIVE, add.words[0].text) is not None


def _copy_sources(instruction: Instruction) -> list[str] | None:
    """The sources of a COPY; None where patterns, variables or quotes hide which files they are."""
    if instruction.json is None:
        words = [word.text for word in instruction.words[:-1]]
        return None if any(re.search(r"[\\*?\[$\"']", word) for word in words) else words
    items = instruction.json[:-1]
    if any(re.search(r"(?<!\\)[*?\[$]", item) for item in items):
        return None
    return [re.sub(r"\\(.)", r"\1", item) for item in items]


def _path(text: str) -> str:
    return posixpath.normpath(text.lstrip("/") or ".")
