"""Commands that leave the image's files as they are."""

from __future__ import annotations

import re

from optimizer.dockerfile.shell import Command

_PRINTING = frozenset(["awk", "cat", "cut", "date", "echo", "env", "grep", "head", "ls", "md5sum", "printenv", "printf", "sha256sum", "sort", "tail", "tr", "uname", "wc"])  # fmt: skip
"""Programs that write no file, unless their output goes to one."""

_HARMLESS = frozenset(
    [".", ":", "[", "[[", "]]", "basename", "break", "cd", "command", "continue", "dirname", "eval", "exit", "export", "false", "file", "hash", "id", "ldd", "local", "nproc", "popd", "pushd", "pwd", "read", "readlink", "realpath", "return", "set", "shift", "shopt", "sleep", "source", "stat", "test", "trap", "true", "type", "ulimit", "umask", "unset", "wait", "which", "whoami"]
)  # fmt: skip
_QUESTIONS = frozenset(["--help", "--version", "-V", "-h", "-v", "-version", "help", "version"])
_LISTS = {
    "bundle": ("check", "list", "show"),
    "dnf": ("info", "list", "repolist"),
    "gem": ("environment", "list"),
    "go": ("env", "version"),
    "npm": ("ls", "list", "view"),
    "pip": ("check", "freeze", "list", "show"),
    "yum": ("info", "list", "repolist"),
}
_TO_A_FILE = re.compile(r">(?![&>]?\s*(?:/dev/|&?\d))")
_PIP = re.compile(r"pip\d*(?:\.\d+)?")


def writes_nothing(command: Command) -> bool:
    """Whether the command writes no file, as far as its words show."""
    program = command.program
    if program in _HARMLESS:
        return True
    if program in _PRINTING:
        return _TO_A_FILE.search(_line(command)) is None
    words = list(command.words)
    if program in ("python", "python3", "uv") and words[1:2] in (["-m"], ["pip"]) and len(words) > 2:
        words = words[2 if program != "uv" else 1 :]
    rest = words[1:]
    if rest and all(word in _QUESTIONS for word in rest):
        return True
    tool = "pip" if _PIP.fullmatch(words[0].rpartition("/")[2]) else words[0].rpartition("/")[2]
    verb = next((word for word in rest if not word.startswith("-")), "")
    return verb in _LISTS.get(tool, ())


def cleans_up(command: Command) -> bool:
    """Whether the command only empties a cache, or removes something."""
    return command.program in ("find", "rm", "rmdir") or any(word in ("cache", "clean", "purge", "prune") for word in command.words[1:3])


def _line(command: Command) -> str:
    """The text from the command's first word up to the next operator that ends a command."""
    text = command.source.text
    end = command.places[-1][1]
    rest = re.match(r"(?:>&|&>|[^;&|\n])*", text[end:])
    return text[command.places[0][0] : end] + (rest[0] if rest else "")
