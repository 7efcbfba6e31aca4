"""Which commands install something, and what."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace

from optimizer.dockerfile.shell import Command

SYSTEM_TOOLS = ("apk", "apt", "apt-get", "dnf", "microdnf", "rpm", "yum", "zypper")

_WITH_GROUPS = ("dnf", "microdnf", "yum")
_GROUP_WORDS = ("group", "groups", "grp", "mark")

_LOCAL = re.compile(r"[./~]|.*\.(?:whl|tgz|tar\.gz|zip|gem)(?:\[.*\])?$|file:")
_VERSION = r"(?:\d*(?:\.\d+)?|\$\w+|\$\{\w+\})"
_PYTHON = re.compile(f"python{_VERSION}")
_PIP = re.compile(f"pip{_VERSION}")
_OPTIONS_WITH_VALUE = {
    "pip": (
        "-r", "--requirement", "-c", "--constraint", "-t", "--target", "-i", "--index-url", "--extra-index-url", "-f", "--find-links",
        "--platform", "--python-version", "--implementation", "--abi", "--only-binary", "--no-binary", "--prefix", "--root", "--src",
        "--trusted-host", "--cert", "--cache-dir", "--python", "-e", "--editable", "--python-platform", "--link-mode", "--timeout", "--retries",
        "--index", "--default-index", "--index-strategy", "--prerelease", "--extra", "--group", "--build-constraints", "--exclude-newer",
        "--progress-bar", "--proxy", "--log", "-d", "--dest", "-w", "--wheel-dir", "--report", "--upgrade-strategy", "--root-user-action", "--config-settings",
    ),
    "npm": ("--prefix", "-C", "--registry", "--omit", "--include", "--loglevel", "--cache", "-w", "--workspace", "--userconfig", "--only", "--filter", "-F"),
    "system": ("--releasever", "--setopt", "--installroot", "-c", "--config", "--enablerepo", "--disablerepo", "-x", "--exclude", "-t", "-o", "--virtual", "-X", "--repository"),
    "cargo": ("--version", "--vers", "--git", "--branch", "--tag", "--rev", "--path", "--root", "--features", "-F", "--target", "--profile", "-j"),
    "dotnet": ("--version", "--tool-path", "--add-source", "--source", "--configfile", "--framework", "-v", "--verbosity", "--arch", "-a"),
    "go": ("-tags", "-ldflags", "-gcflags", "-o", "-mod"),
    "gem": ("-v", "--version", "-i", "--install-dir", "-s", "--source", "-n", "--bindir"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Install:
    """A command that installs.

    ``tool`` is the installer, such as ``pip``, ``npm`` or ``dnf``;
    ``ecosystem`` the language's name, or ``system``; ``verb`` its subcommand.
    ``packages`` are the words that name packages or paths, groups of packages
    with an ``@`` in front; ``values`` maps an option to each of its values.  ``compiles`` says that the command builds
    the program too, and so needs its sources.
    """

    tool: str
    ecosystem: str
    verb: str
    command: Command
    packages: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    compiles: bool = False

    @property
    def distributed(self) -> tuple[str, ...]:
        """The packages that come from an index, and not from a path."""
        return tuple(name for name in self.packages if not _LOCAL.match(name))

    @property
    def by_name(self) -> bool:
        """Whether the command names packages itself, and needs no manifest."""
        return self.ecosystem == "system" or (
            bool(self.packages) and not self.value_of("-r", "--requirement") and not any(map(_LOCAL.match, self.packages))
        )

    def value_of(self, *options: str) -> tuple[str, ...]:
        """The values of the options, in order."""
        return tuple(value for option, value in self.values if option in options)


def install_of(command: Command) -> Install | None:
    """What the command installs; None when it installs nothing."""
    words = list(command.words)
    program = command.program
    if _PYTHON.fullmatch(program) and len(words) > 2 and words[1] == "-m":
        words = words[2:]
        program = words[0]
    if program == "uv" and "pip" in words[1:] and (found := _uv_pip(command, words)):
        return found
    if _PIP.fullmatch(program) and len(words) > 1:
        verb = next((word for word in words[1:] if not word.startswith("-")), "")
        if verb in ("install", "wheel", "download"):
            return _with_packages("pip", "python", verb, command, words[words.index(verb) + 1 :], "pip")
        return None
    verb = words[1] if len(words) > 1 else ""
    if program in SYSTEM_TOOLS:
        return _system(program, command, words)
    if program in ("npm", "pnpm", "yarn"):
        return _node(program, command, words)
    if program == "gem" and verb == "install":
        return _with_packages("gem", "ruby", verb, command, words[2:], "gem")
    if program == "go" and verb in ("get", "install") and any("@" in word for word in words[2:]):
        return _with_packages("go", "go", verb, command, words[2:], "go")
    if program == "cargo" and verb == "install":
        found = _with_packages("cargo", "rust", verb, command, words[2:], "cargo")
        return found if found.packages else replace(found, compiles=True)
    if program == "dotnet" and words[1:3] == ["tool", "install"]:
        return _with_packages("dotnet", "dotnet", "tool install", command, words[3:], "dotnet")
    return _by_table(program, verb, command)


def _uv_pip(command: Command, words: list[str]) -> Install | None:
    """What ``uv pip`` installs; options of uv itself may stand before it."""
    start = words.index("pip")
    verb, rest = next(iter(words[start + 1 : start + 2]), ""), words[start + 2 :]
    if verb == "install":
        return _with_packages("uv", "python", "install", command, rest, "pip")
    if verb == "sync":
        found = _with_packages("uv", "python", "install", command, rest, "pip")
        # Its arguments are the files that install takes with -r.
        files = tuple(("-r", name) for name in found.packages)
        return replace(found, packages=(), values=(*found.values, *files))
    return None


_TABLE: dict[tuple[str, str], tuple[str, bool]] = {
    ("poetry", "install"): ("python", False),
    ("poetry", "sync"): ("python", False),
    ("pipenv", "install"): ("python", False),
    ("pipenv", "sync"): ("python", False),
    ("uv", "sync"): ("python", False),
    ("bundle", "install"): ("ruby", False),
    ("bundle", ""): ("ruby", False),
    ("bundler", "install"): ("ruby", False),
    ("go", "mod"): ("go", False),
    ("go", "get"): ("go", False),
    ("go", "build"): ("go", True),
    ("go", "install"): ("go", True),
    ("cargo", "fetch"): ("rust", False),
    ("cargo", "chef"): ("rust", False),
    ("cargo", "build"): ("rust", True),
    ("cargo", "lambda"): ("rust", True),
    ("dotnet", "restore"): ("dotnet", False),
    ("dotnet", "build"): ("dotnet", True),
    ("dotnet", "publish"): ("dotnet", True),
    ("dotnet", "lambda"): ("dotnet", True),
}
_MAVEN_BUILDS = ("compile", "package", "verify", "install")


def _by_table(program: str, verb: str, command: Command) -> Install | None:
    if program in ("mvn", "mvnw"):
        builds = any(word in _MAVEN_BUILDS for word in command.words[1:])
        fetches = any(re.search(r"dependency(?:-plugin)?:", word) for word in command.words[1:])
        return (
            Install(tool="mvn", ecosystem="java", verb="build" if builds else "fetch", command=command, compiles=builds)
            if builds or fetches
            else None
        )
    if program in ("gradle", "gradlew"):
        builds = any(re.search(r"(?:build|jar|assemble|classes)$", word, re.IGNORECASE) for word in command.words[1:])
        return Install(tool="gradle", ecosystem="java", verb="build" if builds else "fetch", command=command, compiles=builds)
    row = _TABLE.get((program, verb))
    if row is None or (program == "go" and verb == "mod" and "download" not in command.words):
        return None
    ecosystem, compiles = row
    return Install(tool=program, ecosystem=ecosystem, verb=verb or "install", command=command, compiles=compiles)


def _node(program: str, command: Command, words: list[str]) -> Install | None:
    valued = _OPTIONS_WITH_VALUE["npm"]
    verb = next((word for before, word in itertools.pairwise(words) if not word.startswith("-") and before not in valued), "")
    if program == "yarn" and verb == "":
        verb = "install"
    # That mode of Yarn looks at its lock alone, and installs nothing.
    if verb not in ("install", "i", "ci", "add", "clean-install") or "--mode=update-lockfile" in words:
        return None
    place = words.index(verb) if verb in words else len(words)
    rest = [*words[1:place], *words[place + 1 :]]
    return _with_packages(program, "nodejs", {"i": "install", "clean-install": "ci"}.get(verb, verb), command, rest, "npm")


def _system(program: str, command: Command, words: list[str]) -> Install | None:
    verbs = ("install", "localinstall", "groupinstall", "add", "reinstall")
    verb = next((word for word in words[1:] if word in verbs), "")
    if program == "rpm" and any(re.fullmatch(r"-[a-zA-Z]*[iU][a-zA-Z]*|--install|--upgrade", word) for word in words[1:]):
        return _with_packages("rpm", "system", "install", command, words[1:], "system")
    if not verb:
        return None
    before, after = words[1 : words.index(verb)], words[words.index(verb) + 1 :]
    groups = program in _WITH_GROUPS and (verb == "groupinstall" or any(word in _GROUP_WORDS for word in before))
    rest = [*(word for word in before if not groups or word not in _GROUP_WORDS), *after]
    found = _with_packages(program, "system", verb, command, rest, "system")
    # "dnf install @name" is the same group.
    return replace(found, packages=tuple(f"@{name.removeprefix('@')}" for name in found.packages)) if groups else found


def _with_packages(tool: str, ecosystem: str, verb: str, command: Command, rest: list[str], options: str) -> Install:
    with_value = _OPTIONS_WITH_VALUE[options]
    packages: list[str] = []
    values: list[tuple[str, str]] = []
    waiting = ""
    for word in rest:
        if waiting:
            values.append((waiting, word))
            waiting = ""
        elif word.startswith("-"):
            name, equals, value = word.partition("=")
            if equals:
                values.append((name, value))
            elif name in with_value:
                waiting = name
            elif word[:2] in with_value and not word.startswith("--") and len(word) > 2:
                values.append((word[:2], word[2:]))
        else:
            packages.append(word)
    return Install(tool=tool, ecosystem=ecosystem, verb=verb, command=command, packages=tuple(packages), values=tuple(values))
