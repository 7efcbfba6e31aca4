"""Instructions of a Dockerfile, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction: its keyword in upper case, the rest as one line, and its first line, from 1."""

    keyword: str
    value: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedStage:
    """A stage: what it stands on, its name (empty when it has none), and its instructions after FROM."""

    origin: str
    name: str
    instructions: tuple[Instruction, ...]


def split_stages(instructions: Sequence[Instruction]) -> tuple[ParsedStage, ...]:
    """The stages of a Dockerfile, in order; instructions before the first FROM belong to none."""
    stages: list[ParsedStage] = []
    current: list[Instruction] = []
    origin = name = None
    for instruction in instructions:
        if instruction.keyword == "FROM":
            if origin is not None:
                stages.append(ParsedStage(origin=origin, name=name or "", instructions=tuple(current)))
            words = [word for word in instruction.value.split() if not word.startswith("--")]
            origin = words[0] if words else ""
            name = words[2] if len(words) == 3 and words[1].upper() == "AS" else ""
            current = []
        else:
            current.append(instruction)
    if origin is not None:
        stages.append(ParsedStage(origin=origin, name=name or "", instructions=tuple(current)))
    return tuple(stages)


def external_origin(stages: Sequence[ParsedStage], stage: ParsedStage) -> str:
    """The image on which a stage stands in the end, through the stages between."""
    by_name = {other.name: other for other in stages if other.name}
    origin = stage.origin
    seen: set[str] = set()
    while origin in by_name and origin not in seen:
        seen.add(origin)
        origin = by_name[origin].origin
    return origin
