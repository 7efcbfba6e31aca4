from __future__ import annotations

from optimizer.model.image import Entry
from tests.images.test_overlay import entry
from tests.linting.cases import Case
from tests.linting.images import BASE, breaks, good, keeps


def program(path: str, machine: str) -> Entry:
    return entry(path, "1", machine=machine)


CATCHES: list[Case] = [
    breaks(
        good(program("var/task/tool", "arm64"), program("var/task/own", "x86_64")),
        "layer 1 holds 1 executable or library for arm64 in an image for x86_64: var/task/tool",
    ),
    breaks(good(*(program(f"var/task/{number}", "x86_64") for number in range(7)), architecture="arm64"), "var/task/4 and 2 more"),
    # Lambda runs no 32-bit programs.
    breaks(good(program("var/task/a", "32-bit x86"), program("var/task/b", "32-bit ARM")), "for 32-bit ARM", times=2),
    breaks(good(program("usr/\x1b[2Jx", "arm64")), r"usr/\x1b[2Jx"),
    # What an installer took for the machine that builds.
    breaks(good(program("var/task/node_modules/@esbuild/linux-x64/bin/esbuild", "x86_64"), architecture="arm64")),
]
PASSES: list[Case] = [
    keeps(good(program("var/task/own", "x86_64"))),
    keeps(good(program("var/task/tool", "arm64"), base=BASE)),
    keeps(good(program("var/task/m/linux-x64/a", "x86_64"), program("var/task/m/linux-arm64/a", "arm64"))),
    # Another rule says that Lambda has no such machine.
    keeps(good(program("var/task/own", "IBM Z"), architecture="s390x")),
]
