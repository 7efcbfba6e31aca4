"""What no builder accepts once variables have their values: images, stages and words that refer to nothing.

Source: ``dockerfile2llb`` of BuildKit (https://github.com/moby/buildkit/tree/master/frontend/dockerfile/dockerfile2llb),
https://github.com/distribution/reference for the names of images, and https://github.com/containerd/platforms for platforms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set

from optimizer.dockerfile.instruction import Flag, Instruction, Problem, Span
from optimizer.dockerfile.mounts import target_of
from optimizer.dockerfile.parse import names_image
from optimizer.dockerfile.scope import AUTOMATIC, ResolvedDockerfile, ResolvedStage, absolute
from optimizer.dockerfile.words import fault_of

_DOMAIN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(?:(?:{_DOMAIN})/)?{_PART}(?:/{_PART})*(?::\w[\w.-]{{0,127}})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{{32,}})?",
    re.ASCII,
)
_LONGEST_IMAGE = 4096
_COMPONENT = re.compile(r"[A-Za-z0-9_.-]+(?:\([^()]*\))?")
_SYSTEMS = frozenset(
    ["aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux", "nacl", "netbsd", "openbsd", "plan9", "solaris", "macos", "windows", "zos"]
)  # fmt: skip
_MACHINES = frozenset(
    ["386", "amd64", "amd64p32", "arm", "armbe", "arm64", "arm64be", "ppc64", "ppc64le", "loong64", "mips", "mipsle", "mips64", "mips64le", "mips64p32", "mips64p32le", "ppc", "riscv", "riscv64", "s390", "s390x", "sparc", "sparc64", "wasm", "x86_64", "x86-64", "aarch64", "armhf", "armel", "i386"]
)  # fmt: skip
_PLAIN_VARIABLES = re.compile(r"""(?:[^$'"\\`{}]|\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*\})*""")
"""Words in which nothing can be wrong; most words with variables are such."""

_ANYWHERE = ("ADD", "ARG", "COPY", "ENV", "EXPOSE", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR")


def reference_problems(resolved: ResolvedDockerfile, target: int | None) -> Iterator[Problem]:
    """What no builder accepts in the stages, of which ``target`` is built."""
    needed = resolved.needed(target) if target is not None else frozenset()
    for instruction in resolved.dockerfile.global_arguments:
        yield from _words(instruction, resolved.dockerfile.escape)
    above: set[str] = set()
    for item in resolved.stages:
        yield from _from(item)
        built = item.stage.index in needed
        for instruction, values, workdir in zip(item.stage.instructions, item.expanded, item.workdirs, strict=False):
            for flag in instruction.flags:
                if flag.name == "from" and instruction.keyword == "COPY":
                    yield from _source(resolved, item, instruction, flag, flag.value or "", built, above)
                elif flag.name == "mount" and instruction.keyword == "RUN":
                    fields = flag.fields()
                    if fields.get("from"):
                        yield from _source(resolved, item, instruction, flag, fields["from"], built, above)
                    if built:
                        yield from _mount_target(instruction, flag, fields, workdir)
            # Stages that are not built are read, and their variables are not.
            if built and None in values:
                yield from _words(instruction, resolved.dockerfile.escape, values)
        above.add(item.stage.name.lower())


def _from(item: ResolvedStage) -> Iterator[Problem]:
    start = item.stage.start
    if not names_image(start):
        return
    word, flag = start.words[0], start.flag("platform")
    # Builders that do not set these are a matter of their own rule.
    if _automatic(word.text):
        pass
    elif item.origin == "":
        hint = "declare it above the first FROM, with a default: ARG NAME=image"
        yield Problem(f'"{item.stage.origin[:60]}" is empty, so that FROM names no image', start.at(word), hint)
    elif item.origin is not None and item.parent is None and not is_image(item.origin):
        yield Problem(f'"{item.origin[:60]}" is no name of an image', start.at(word), _form(item.origin))
    elif item.origin is None and (fault := fault_of(word.text)):
        yield Problem(f"{fault}: {word.text[:60]}", start.at(word), "write ${NAME} or ${NAME:-default}")
    if flag is None or not flag.value or item.platform is None or _automatic(flag.value):
        return
    if not _is_platform(item.platform):
        shown = (
            f'"{item.platform[:40]}" is no platform' if item.platform else f'"{flag.value[:40]}" is empty, so that --platform names none'
        )
        yield Problem(shown, start.at(flag), "write a platform such as linux/arm64")


def _automatic(text: str) -> bool:
    """Whether the text depends on an argument that a builder sets by itself."""
    return "$" in text and any(name in text for name in AUTOMATIC)


def _source(
    resolved: ResolvedDockerfile, item: ResolvedStage, instruction: Instruction, flag: Flag, name: str, built: bool, above: Set[str]
) -> Iterator[Problem]:
    """What is wrong with the stage or image that a copy or a mount names."""
    if re.search(r"\$.", name):
        # Of a mount, the check of its fields speaks.
        if flag.name == "from":
            yield Problem("--from takes no variable", instruction.at(flag), "write FROM $IMAGE AS name above, and --from=name here")
        return
    if not name:
        return
    # A stage above, as almost every copy has one.
    if name.lower() in above and not name.isdigit():
        return
    index, span = item.stage.index, instruction.at(flag)
    if flag.name == "from" and re.fullmatch(r"[-+]?\d{1,9}", name):
        yield from _numbered(int(name), len(resolved.stages), index, built, span)
    elif (other := resolved.names.get(name.lower())) is not None and not name.isdigit():
        if other == index or built:
            yield Problem(f'stage "{name[:60]}" is not above this one', span, "move that stage up")
    elif not is_image(name):
        yield Problem(f'"{name[:60]}" is no stage above, and no name of an image', span, _form(name))


def _mount_target(instruction: Instruction, flag: Flag, fields: Mapping[str, str], workdir: str | None) -> Iterator[Problem]:
    """What is wrong with the place of a mount, which is the working directory where it names none."""
    target = target_of(fields)
    # Most targets are paths from the root.
    if "$" in target or (len(target) > 1 and target[0] == "/" and ".." not in target):
        return
    if fields.get("type", "bind").lower() not in ("bind", "cache", "tmpfs"):
        return
    if absolute(target or ".", workdir) == "/":
        yield Problem("the mount hides the whole file system", instruction.at(flag), "write target=/path")


def _numbered(number: int, count: int, index: int, built: bool, span: Span) -> Iterator[Problem]:
    if not 0 <= number < count:
        allowed = f"allowed here: 0 to {index - 1}" if index else "this is the first stage"
        yield Problem(f"there is no stage {number}", span, f"{allowed}; a name stays right when stages move")
    elif number == index or (number > index and built):
        yield Problem(f"stage {number} is not above this one", span, "move that stage up")


def _words(instruction: Instruction, escape: str, values: Sequence[str | None] = ()) -> Iterator[Problem]:
    """The words that cannot be expanded, among those without one of the ``values``, or among all."""
    if instruction.keyword not in _ANYWHERE:
        return
    known = values if len(values) == len(instruction.words) else [None] * len(instruction.words)
    for word, value in zip(instruction.words, known, strict=True):
        if value is not None or _PLAIN_VARIABLES.fullmatch(word.text):
            continue
        fault = fault_of(word.text, escape)
        if fault:
            yield Problem(f"{fault}: {word.text[:60]}", instruction.at(word), "close quotes and braces, and write a dollar sign as \\$")


def is_image(name: str) -> bool:
    """Whether a registry or an engine may have an image of the name."""
    return name == "scratch" or (len(name) <= _LONGEST_IMAGE and _IMAGE.fullmatch(name) is not None)


def _form(name: str) -> str:
    if is_image(name.lower()):
        return "write it in lower case"
    return "write registry/repository:tag, or the name of a stage above"


def _is_platform(platform: str) -> bool:
    parts = platform.split("/")
    if len(parts) > 3 or not all(_COMPONENT.fullmatch(part) for part in parts):
        return False
    return len(parts) > 1 or parts[0].partition("(")[0].lower() in _SYSTEMS | _MACHINES
