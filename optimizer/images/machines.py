"""For which machine an executable is, and whether it is shipped for that machine on purpose.

Source of the format: https://gabi.xinuos.com/elf/02-eheader.html, and of the numbers
https://gabi.xinuos.com/elf/a-emachine.html
"""

from __future__ import annotations

import re

from optimizer.model.architectures import architecture_of_oci

HEADER_BYTES = 20
"""Of a file, that say whether it is an executable, and for which machine."""

_EXECUTABLE, _SHARED = 2, 3
_WORDS = {
    "x86_64": r"x86[_-]64|amd64|x64",
    "arm64": r"aarch64|arm64(?:v8|e)?|armv8",
    "32-bit x86": r"x86(?![_-]64)|ia32|i[3-6]86|386",
    "32-bit ARM": r"armeabi-v7a|arm(?:32|hf|el|eabi(?:hf)?|v[5-7][a-z]*)?",
    "IBM Z": "s390x?",
    "MIPS": r"mips(?:64)?(?:el|le)?",
    "PowerPC": "(?:ppc|powerpc)(?:64(?:le|el)?)?",
    "RISC-V": "riscv(?:32|64)(?:gc)?",
    "LoongArch": "loong(?:arch)?64",
    "SPARC": "sparc(?:64|v9)?",
}
"""What names of files and directories call each machine."""

_MACHINES = {
    2: "SPARC", 3: "32-bit x86", 8: "MIPS", 20: "PowerPC", 21: "PowerPC", 22: "IBM Z", 40: "32-bit ARM", 43: "SPARC",
    62: "x86_64", 183: "arm64", 243: "RISC-V", 258: "LoongArch",
}  # fmt: skip
"""Processors that Linux runs on; executables for graphics cards and virtual machines are data."""

_EDGE = "(?<![a-z0-9]){}(?![a-z0-9])"
_ANY = re.compile(_EDGE.format(f"(?:{'|'.join(_WORDS.values())})"))
_NAMED = {machine: re.compile(_EDGE.format(f"(?:{words})")) for machine, words in _WORDS.items()}
_SYSTEM = re.compile(_EDGE.format("(?:unknown-)?(?:linux(?:musl|glibc)?|android|freebsd|netbsd|openbsd|sunos)"))
_LIBRARY = re.compile(r"[-_.]?" + _EDGE.format("(?:glibc|gnu|musl)(?:eabi(?:hf)?)?"))


def machine_of(header: bytes) -> str:
    """The machine of an executable or a shared library, by its first :data:`HEADER_BYTES`; empty for any other file."""
    if len(header) < HEADER_BYTES or header[:4] != b"\x7fELF" or header[5] not in (1, 2):
        return ""
    order = "little" if header[5] == 1 else "big"
    kind, machine = (int.from_bytes(header[start : start + 2], order) for start in (16, 18))  # type: ignore[arg-type]
    return _MACHINES.get(machine, "") if kind in (_EXECUTABLE, _SHARED) else ""


def machine_of_image(architecture: str) -> str:
    """The machine that an image of an architecture, in OCI's word, runs on; empty for one that Lambda has not."""
    known = architecture_of_oci(architecture)
    return known.name if known else ""


def without_machine(name: str, machine: str) -> str | None:
    """The name of a file or directory without its words for the machine, the system and the C library; None for one that does not name the machine.

    Packages for several machines lie beside one another under names that
    differ in these words alone, such as ``prebuilds/linux-x64`` and
    ``prebuilds/linux-arm64``.
    """
    lowered = name.lower()
    if not _NAMED[machine].search(lowered):
        return None
    return _LIBRARY.sub("", _SYSTEM.sub("<system>", _ANY.sub("<machine>", lowered)))
