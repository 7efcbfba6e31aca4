"""What an instruction must have behind its flags.

The rules are those of BuildKit's ``parser`` and ``instructions`` packages
(https://github.com/moby/buildkit/tree/master/frontend/dockerfile).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from optimizer.dockerfile.copies import Source
from optimizer.dockerfile.instruction import Flag, Instruction, Problem, Word
from optimizer.dockerfile.lines import json_items
from optimizer.dockerfile.words import heredoc_names, split_quoted

_NEEDS: Mapping[str, tuple[int, str, str]] = {
    "ADD": (2, "a source and a destination", "ADD source destination"),
    "ARG": (1, "a name", "ARG NAME=default"),
    "COPY": (2, "a source and a destination", "COPY source destination"),
    "ENV": (1, "a name and a value", "ENV NAME=value"),
    "EXPOSE": (1, "a port", "EXPOSE 8080"),
    "HEALTHCHECK": (1, "CMD or NONE", "HEALTHCHECK CMD command"),
    "LABEL": (1, "a name and a value", "LABEL name=value"),
    "MAINTAINER": (1, "a name", "LABEL org.opencontainers.image.authors=name"),
    "ONBUILD": (1, "an instruction", "ONBUILD RUN command"),
    "SHELL": (1, "a command in JSON form", 'SHELL ["/bin/bash", "-c"]'),
    "STOPSIGNAL": (1, "a signal", "STOPSIGNAL SIGTERM"),
    "USER": (1, "a user", "USER name"),
    "VOLUME": (1, "a path", "VOLUME /path"),
    "WORKDIR": (1, "a directory", "WORKDIR /path"),
}
"""How many arguments at the least, what they are, and an example."""

_SIGNALS = frozenset(
    [
        "ABRT",
        "ALRM",
        "BUS",
        "CHLD",
        "CLD",
        "CONT",
        "FPE",
        "HUP",
        "ILL",
        "INT",
        "IO",
        "IOT",
        "KILL",
        "PIPE",
        "POLL",
        "PROF",
        "PWR",
        "QUIT",
        "SEGV",
        "STKFLT",
        "STOP",
        "SYS",
        "TERM",
        "TRAP",
        "TSTP",
        "TTIN",
        "TTOU",
        "URG",
        "USR1",
        "USR2",
        "VTALRM",
        "WINCH",
        "XCPU",
        "XFSZ",
    ]
)
_REALTIME = re.compile(r"RTMIN(?:\+(?:\d|1[0-5]))?|RTMAX(?:-(?:\d|1[0-4]))?")
_PORT = re.compile(r"(?P<first>\d+)(?:-(?P<last>\d+))?(?:/(?P<protocol>tcp|udp|sctp)?)?", re.IGNORECASE)
_LAST_PORT = 65535


def argument_problems(instruction: Instruction, escape: str) -> Iterator[Problem]:
    """What no builder accepts of the instruction's arguments, in order."""
    least, what, example = _NEEDS.get(instruction.keyword, (0, "", ""))
    if least and _count(instruction) < least:
        yield Problem(f"{instruction.keyword} needs {what}", instruction.head, f"write {example}")
        return
    check = _CHECKS.get(instruction.keyword)
    if check is not None:
        yield from check(instruction)
    elif instruction.keyword in ("ENV", "LABEL"):
        yield from pair_problems(instruction, escape)


def pair_problems(instruction: Instruction, escape: str) -> Iterator[Problem]:
    """What no builder accepts of the names and values of ENV and LABEL."""
    keyword = instruction.keyword
    words = split_quoted(instruction.arguments, escape, instruction.arguments_start)
    if not words:
        return
    if "=" not in words[0].text:
        # The old form has one name, and the rest of the line is its value.
        if len(re.split(r"[\t\v\f\r ]+", instruction.arguments, maxsplit=1)) < 2:
            yield Problem(
                f'{keyword} gives "{words[0].text[:40]}" no value', instruction.head, f"write {keyword} {words[0].text[:40]}=value"
            )
        return
    for word in words:
        name, equals, _ = word.text.partition("=")
        if not equals:
            hint = "put a value with blanks in double quotes"
            yield Problem(f'"{word.text[:40]}" is no name=value', instruction.at(word), hint)
        elif not name:
            yield Problem(f"{keyword} has a value without a name", instruction.at(word), f"write {keyword} NAME=value")


def _count(instruction: Instruction) -> int:
    if instruction.json is not None:
        return len(instruction.json)
    return len(instruction.words) or bool(instruction.arguments)


def _copy(instruction: Instruction) -> Iterator[Problem]:
    if instruction.json is None and "<<" in instruction.words[-1].text and heredoc_names(instruction.words[-1].text):
        yield Problem("the destination is no here-document", instruction.at(instruction.words[-1]), "write the destination last")
    elif instruction.keyword == "COPY":
        # What has neither sign is no address.
        if "://" in instruction.arguments or "git@" in instruction.arguments:
            for source in _sources(instruction):
                if source.remote or source.of_git:
                    yield Problem("COPY fetches nothing", source.span, "use ADD")
    elif (flag := instruction.flag("checksum")) is not None and flag.value:
        yield from _checked(instruction, flag)


def _checked(instruction: Instruction, flag: Flag) -> Iterator[Problem]:
    if _count(instruction) > _NEEDS["ADD"][0]:
        yield Problem("--checksum is for one source", instruction.at(flag), "write an ADD for each source")
    elif any(source.local and not (source.value or "").startswith("<<") for source in _sources(instruction)):
        yield Problem("--checksum is for a URL or a Git repository", instruction.at(flag), "remove --checksum")


def _sources(instruction: Instruction) -> list[Source]:
    """The sources of a copy that have no variables."""
    texts = list(instruction.json) if instruction.json is not None else [word.text for word in instruction.words]
    pairs = zip(texts[:-1], instruction.words, strict=False)
    return [Source(value=text, span=instruction.at(word)) for text, word in pairs if "$" not in text]


def _argument(instruction: Instruction) -> Iterator[Problem]:
    for word in instruction.words:
        if word.text.startswith("="):
            yield Problem("ARG has a value without a name", instruction.at(word), "write ARG NAME=default")


def _expose(instruction: Instruction) -> Iterator[Problem]:
    for word in instruction.words:
        # Before the last colon is an address or a port of the host, which every builder drops.
        port = word.text.rpartition(":")[2]
        if not re.search(r"[$'\"\\`]", word.text) and not _is_port(port):
            hint = "write a port such as 8080 or 8080/udp, or a range such as 8000-8010"
            yield Problem(f'"{word.text[:40]}" is no port', instruction.at(word), hint)


def _is_port(text: str) -> bool:
    match = _PORT.fullmatch(text)
    if match is None:
        return False
    first, last = int(match["first"][-9:]), int((match["last"] or match["first"])[-9:])
    return first <= last <= _LAST_PORT


def _healthcheck(instruction: Instruction) -> Iterator[Problem]:
    first = instruction.arguments.split(None, 1)[0]
    kind, rest = first.upper(), instruction.arguments[len(first) :].strip()
    if kind == "NONE":
        if rest:
            yield Problem("HEALTHCHECK NONE takes no arguments", instruction.head, "write HEALTHCHECK NONE")
    elif kind != "CMD":
        yield Problem(f'HEALTHCHECK takes CMD or NONE, and not "{kind[:40]}"', instruction.head, "write HEALTHCHECK CMD command")
    elif not rest or json_items(rest) == ():
        yield Problem("HEALTHCHECK CMD needs a command", instruction.head, "write HEALTHCHECK CMD command")


def _shell(instruction: Instruction) -> Iterator[Problem]:
    if instruction.json is None:
        yield Problem("SHELL takes the JSON form only", instruction.head, 'write SHELL ["/bin/bash", "-c"]')


def _stopsignal(instruction: Instruction) -> Iterator[Problem]:
    word = instruction.arguments
    name = word.upper().removeprefix("SIG")
    if re.search(r"[$'\"\\`]", word) or name in _SIGNALS or _REALTIME.fullmatch(name):
        return
    if not re.fullmatch(r"[-+]?\d+", word) or not word.strip("+-0"):
        span = instruction.at(Word(word, instruction.arguments_start, instruction.arguments_start + len(word)))
        yield Problem(f'"{word[:40]}" is no signal', span, "write a name such as SIGTERM, or a number")


def _volume(instruction: Instruction) -> Iterator[Problem]:
    if instruction.json is not None and not all(path.strip() for path in instruction.json):
        yield Problem("VOLUME has an empty path", instruction.head, "write VOLUME /path")


_CHECKS: Mapping[str, Callable[[Instruction], Iterator[Problem]]] = {
    "ADD": _copy,
    "ARG": _argument,
    "COPY": _copy,
    "EXPOSE": _expose,
    "HEALTHCHECK": _healthcheck,
    "SHELL": _shell,
    "STOPSIGNAL": _stopsignal,
    "VOLUME": _volume,
}
