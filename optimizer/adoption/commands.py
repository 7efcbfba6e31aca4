"""What a command of a RUN means for a proposal.

Only what is certain is understood: a program that is not known, an option that
changes what it does, or a file that it writes by redirection leave the command
:class:`Opaque`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from optimizer.adoption.actions import (
    Action,
    ChangeDirectory,
    Copy,
    Executable,
    Lost,
    Make,
    MakeDirectories,
    NotNeeded,
    Opaque,
    Remove,
    System,
    Unpack,
)
from optimizer.adoption.build_commands import build
from optimizer.adoption.package_commands import BROUGHT, export, focused, node_packages, python_packages, ruby_packages
from optimizer.dockerfile.installs import SYSTEM_TOOLS, Install, install_of
from optimizer.dockerfile.shell import Command

_QUIET = frozenset([".", ":", "[", "[[", "apt-mark", "cat", "date", "df", "du", "echo", "env", "exit", "export", "false", "file", "id", "ldd", "ls", "printf", "pwd", "set", "shopt", "sleep", "source", "stat", "test", "tree", "true", "ulimit", "umask", "uname", "wc", "which", "whoami"])  # fmt: skip
_NO_FILE = re.compile(r"""(?:\d|&)?>+\s*(?:/dev/null|&\d)|'[^']*'|"(?:[^"\\]|\\.)*"|\\.""", re.DOTALL)
_INSTALL_SCRIPTS = ("https://install.python-poetry.org", "https://astral.sh/uv/", "https://get.pnpm.io/", "https://sh.rustup.rs", "https://bootstrap.pypa.io/get-pip.py")  # fmt: skip
"""Scripts that bring an installer, each from the page of its project on how to install it."""
_READS_SCRIPT = re.compile(r"(?:[\w./]*/)?(?:(?:ba|da|a)?sh|python[\d.]*)(?: -\w*s?| --?| -y)*")
ONE_TIME = "all files of a layer have one constant time"
_EXECUTABLE = re.compile(r"[ugoa]*\+[rwstX]*x[rwxstX]*|0?[0-7]*[1357][0-7]*")


def understand(command: Command, text: str) -> Action:
    """What the command means; its words are expanded.  ``text`` is the instruction's, in which redirections are looked for."""
    program, words = command.program, command.words
    if exported := export(program, words, text):
        return exported
    if member := focused(program, words):
        return member
    found = install_of(command)
    if found is not None:
        return _installed(found, text)
    if not redirects(text) and "|" not in text and (made := _make(program, words)) is not None:
        return made
    if (unpacked := _unpack(program, words)) is not None:
        return unpacked
    if any(address in text for address in _INSTALL_SCRIPTS) and (program in ("curl", "wget") or _READS_SCRIPT.fullmatch(" ".join(words))):
        return NotNeeded(BROUGHT)
    simple = _simple(program, words)
    if simple is not None:
        return simple
    if program in _QUIET or (len(words) > 1 and words[-1] in ("--version", "-version", "version")):
        return NotNeeded("it changes nothing in the image")
    return Opaque(f"what {_shown(words)} writes is unknown")


def redirects(text: str) -> bool:
    """Whether the text of a RUN writes a file by redirection."""
    return ">" in _NO_FILE.sub("", text)


def _simple(program: str, words: Sequence[str]) -> Action | None:
    """Commands of the shell and of installers that install nothing."""
    plain = tuple(word for word in words[1:] if not word.startswith("-"))
    verb = plain[0] if plain else ""
    match program:
        case "cd":
            return ChangeDirectory(verb or "/root")
        case "mkdir":
            return MakeDirectories(plain)
        case "cp" | "mv" if len(plain) >= 2 and not any(word in ("-t", "--parents") for word in words):
            return Copy(plain[:-1], plain[-1])
        case "rm" | "rmdir":
            return Remove(plain)
        case "chown" | "chgrp":
            return NotNeeded("everything in an image belongs to root, and everyone may read it")
        case "chmod":
            recursive = any(re.fullmatch(r"-[a-zA-Z]*R[a-zA-Z]*|--recursive", word) for word in words)
            if plain and _EXECUTABLE.fullmatch(plain[0]) and not recursive:
                return Executable(plain[1:])
            return NotNeeded("modes become 0755 and 0644: everyone may read, and what is executable stays so")
        case "pip" | "pip3" | "uv" | "poetry" | "pipenv" if verb in (
            "cache",
            "config",
            "self",
            "venv",
            "env",
            "check",
            "list",
            "freeze",
            "show",
        ):
            if verb == "venv" and len(plain) > 1:
                return MakeDirectories(plain[1:2])
            if verb == "config" and any("index" in word or "url" in word for word in words):
                return Lost.of(f"{_shown(words)} sets a package index", "set index_url of the step, and credentials as a build secret")
            return NotNeeded("it concerns the installer only")
        case "npm" | "yarn" | "pnpm" if verb in ("cache", "prune", "audit", "fund", "set", "config", "store"):
            if verb in ("config", "set") and any("registry" in word.lower() or "auth" in word.lower() for word in words):
                return Lost.of(f"{_shown(words)} sets a registry", "set registry of the step, and credentials as a build secret")
            return NotNeeded("the step installs what the image needs, and leaves no cache")
        case "corepack":
            return NotNeeded(BROUGHT)
        case "bundle" | "bundler" if verb in ("config", "clean", "lock", "check"):
            if any("build." in word for word in words):
                return Lost.of(
                    f"{_shown(words)} sets an option of a build", "write it into .bundle/config, or build the gems in a command step"
                )
            return NotNeeded("the step sets its own configuration of Bundler")
        case "go" if verb in ("mod", "env", "vet", "test", "clean", "version", "fmt"):
            return NotNeeded("the step fetches the modules itself; it runs no tests")
        case "cargo" if verb in ("chef", "fetch", "test", "clean", "init", "new", "vendor"):
            return NotNeeded("the step fetches the crates itself; it runs no tests")
        case "rustup" | "cargo-lambda":
            return NotNeeded("the step's builder has what it needs")
        case "dotnet" if verb in ("tool", "clean", "test", "nuget"):
            return NotNeeded("the step restores and publishes by itself; it runs no tests")
        case "python" | "python3" if "compileall" in words:
            return NotNeeded("bytecode = true, the default, compiles the code when the image is built")
        case "touch" if plain != tuple(words[1:]):
            return NotNeeded(ONE_TIME)
        case "ldconfig" | "update-ca-certificates" | "sync":
            return NotNeeded("it changes nothing that the steps do not change")
        case _ if re.fullmatch(r"python3?(?:\.\d+)?", program) and words[1:3] == ("-m", "compileall"):
            return NotNeeded("bytecode = true, the default, compiles the code when the image is built")
        case _ if (re.fullmatch(r"python3?(?:\.\d+)?", program) and words[1:3] == ("-m", "venv")) or program == "virtualenv":
            return MakeDirectories(plain[-1:])
        case _ if program in SYSTEM_TOOLS:
            return _system_other(program, words, plain)
    return None


def _make(program: str, words: Sequence[str]) -> Make | None:
    """``curl -o``, ``wget -O``, ``ln -s`` and ``touch``; None for other forms, and for words that the shell would have to read."""
    if any("$" in word or "`" in word for word in words):
        return None
    match program:
        case "curl" | "wget":
            option = r"-[a-zA-Z]*o|--output" if program == "curl" else r"-[a-zA-Z]*O|--output-document"
            places = [index for index, word in enumerate(words) if re.fullmatch(option, word)]
            if len(places) == 1 and places[0] + 1 < len(words):
                place = places[0] + 1
                return Make(tuple(words[:place]), words[place], tuple(words[place + 1 :]))
        case "touch" if len(words) == 2 and not words[1].startswith("-"):
            return Make(("touch",), words[1])
        case "ln" if len(words) == 4 and words[1].startswith("-") and "s" in words[1] and words[2].startswith("/"):
            return Make(tuple(words[:3]), words[3])
    return None


def _unpack(program: str, words: Sequence[str]) -> Unpack | None:
    """What unpacks one archive."""
    what = f"what {_shown(words)} writes is unknown"
    match program:
        case "unzip":
            target = next((following for word, following in itertools.pairwise(words) if word == "-d"), ".")
            plain = [word for before, word in itertools.pairwise(words) if not word.startswith("-") and before != "-d"]
            return Unpack(plain[0], target, what) if len(plain) == 1 else None
        case "jar" if len(words) == 3 and re.fullmatch(r"-?(?:x\w*f|xf\w*)", words[1]):
            return Unpack(words[2], ".", what)
        case "tar" if len(words) in (3, 5) and re.fullmatch(r"-?x\w*f", words[1]) and (len(words) == 3 or words[3] == "-C"):
            return Unpack(words[2], words[4] if len(words) == 5 else ".", what)
    return None


def _system_other(program: str, words: Sequence[str], plain: Sequence[str]) -> Action:
    verb = plain[0] if plain else ""
    if verb in ("clean", "makecache", "update", "autoremove", "autoclean") and program in ("apt", "apt-get", "apk"):
        return NotNeeded("caches and lists of packages never reach the image")
    if verb in ("clean", "makecache", "autoremove"):
        return NotNeeded("caches and lists of packages never reach the image")
    if verb in ("remove", "erase", "purge", "del"):
        return NotNeeded("what only builds need never reaches the image, and a removal makes no layer below smaller")
    if verb in ("update", "upgrade", "dist-upgrade", "distro-sync"):
        return Lost.of(
            f"{_shown(words)} brings packages that are newer than the base's",
            "keep the base fresh in place of it: optimizer pin --update, and rebuild",
        )
    return Opaque(f"what {_shown(words)} changes is unknown")


def _installed(found: Install, text: str) -> Action:
    if found.ecosystem == "system":
        return System(found.tool, found.packages)
    if found.compiles:
        return build(found)
    match found.ecosystem:
        case "python":
            return python_packages(found)
        case "nodejs":
            return node_packages(found)
        case "ruby":
            return ruby_packages(found)
        case "java":
            return build(found)
    return (
        NotNeeded("the step fetches its dependencies itself")
        if found.tool in ("go", "cargo", "dotnet")
        else Opaque(_shown(found.command.words))
    )


def _shown(words: Sequence[str]) -> str:
    text = " ".join(words)
    return f'"{text}"' if len(text) <= 60 else f'"{text[:57]}…"'
