"""A rendered Dockerfile as stages that can be built apart from one another.

Terms
    bare      a stage that is an image and nothing else: it costs nothing, so
              whatever stands on it may repeat it
    needs     the earlier stages that a stage stands on, or takes files from
    reads     the paths of the build context that a stage sees
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from optimizer.dockerfile.instruction import Instruction, ParsedStage, split_stages
from optimizer.dockerfile.render import HEADER

WHOLE_CONTEXT = "."
"""What a stage reads that may see every file of the context."""

_FLAG = re.compile(r"\s*--([a-z]+)(?:=((?:\\.|[^\s\\])*))?(?=\s)")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_COPY_FLAGS = frozenset({"from", "link", "chown", "chmod"})
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


def split_dockerfile(text: str, instructions: Sequence[Instruction]) -> SplitDockerfile | None:
    """The stages of a Dockerfile that :func:`optimizer.dockerfile.render` made; None for every other.

    ``instructions`` are those of the text.  None too for a rendered file that
    somebody has changed into something that cannot be taken apart safely.
    """
    if not text.startswith(HEADER + "\n"):
        return None
    parsed = split_stages(instructions)
    lines = text.split("\n")
    ends = [stage.line - 1 for stage in parsed[1:]] + [len(lines)]
    arguments = {
        instruction.value.partition("=")[0]: f"ARG {instruction.value}"
        for instruction in instructions
        if instruction.line < parsed[0].line and instruction.keyword == "ARG"
    }
    stages: list[SplitStage] = []
    for stage, end in zip(parsed, ends, strict=True):
        if any(instruction.keyword in ("ADD", "ONBUILD") for instruction in stage.instructions):
            return None
        known = [earlier.name for earlier in stages]
        stages.append(_stage(stage, _block(lines[stage.line - 1 : end]), known, arguments))
    return SplitDockerfile(arguments=arguments, stages=tuple(stages))


def _block(lines: Sequence[str]) -> str:
    """The lines without the empty ones and comments at their end, which belong to what follows."""
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return "\n".join(lines[:end])


def _stage(stage: ParsedStage, text: str, known: Sequence[str], global_arguments: Mapping[str, str]) -> SplitStage:
    found = _Uses(needs=[stage.origin], reads=[], secrets=[])
    declared = [instruction.value for instruction in stage.instructions if instruction.keyword == "ARG"]
    used = [*_VARIABLE.findall(text.partition("\n")[0]), *declared]
    for instruction in stage.instructions:
        if instruction.keyword == "COPY":
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
        flags, rest = _flags(instruction.value)
        if "from" in dict(flags):
            self.needs.append(dict(flags)["from"])
            return
        sources = _copy_sources(rest)
        exact = sources is not None and {name for name, _ in flags} <= _COPY_FLAGS
        self.reads += map(_path, sources or ()) if exact else [WHOLE_CONTEXT]

    def add_run(self, instruction: Instruction) -> None:
        for name, value in _flags(instruction.value)[0]:
            if name != "mount":
                continue
            fields = dict(field.partition("=")[::2] for field in value.split(","))
            kind = fields.get("type", "bind")
            if "from" in fields:
                self.needs.append(fields["from"])
            elif kind == "bind":
                self.reads.append(_path(fields.get("source") or fields.get("src") or WHOLE_CONTEXT))
            elif kind == "secret":
                self.secrets.append(fields.get("id", ""))


def _flags(value: str) -> tuple[list[tuple[str, str]], str]:
    """The flags before an instruction's arguments, and the rest."""
    flags = []
    position = 0
    while match := _FLAG.match(value, position):
        flags.append((match[1], re.sub(r"\\(.)", r"\1", match[2] or "")))
        position = match.end()
    return flags, value[position:].strip()


def _copy_sources(arguments: str) -> list[str] | None:
    """The sources of a COPY; None where patterns or variables hide which files they are."""
    if not arguments.startswith("["):
        words = arguments.split()
        return None if re.search(r"[\\*?\[$]", arguments) else words[:-1]
    try:
        words = json.loads(arguments)
    except ValueError:
        return None
    if any(re.search(r"(?<!\\)[*?\[$]", word) for word in words[:-1]):
        return None
    return [re.sub(r"\\(.)", r"\1", word) for word in words[:-1]]


def _path(text: str) -> str:
    return posixpath.normpath(text.lstrip("/") or ".")
