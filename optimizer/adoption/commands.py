"""What a command of a RUN means for a proposal.

Only what is certain is understood: a program that is not known, an option that
changes what it does, or a file that it writes by redirection leave the command
:class:`Opaque`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.adoption.proposal import Gap
from optimizer.dockerfile.installs import SYSTEM_TOOLS, Install, install_of
from optimizer.dockerfile.shell import Command
from optimizer.locks.managers import manager


@dataclass(frozen=True, slots=True)
class Needless:
    """The command adds nothing to the image that the optimizer does not add itself."""

    why: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The command changes something that no step can say."""

    gaps: tuple[Gap, ...]

    @classmethod
    def of(cls, message: str, by_hand: str) -> Lost:
        """What is lost by one gap."""
        return cls((Gap(message, by_hand),))


@dataclass(frozen=True, slots=True)
class Opaque:
    """What the command writes is unknown."""

    what: str


@dataclass(frozen=True, slots=True)
class ChangeDirectory:
    """``cd``."""

    path: str


@dataclass(frozen=True, slots=True)
class MakeDirectories:
    """``mkdir``, or an environment of Python's, which is a directory too."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Copy:
    """``cp`` or ``mv``."""

    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True, slots=True)
class Remove:
    """``rm``."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Executable:
    """A mode that makes files executable."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Make:
    """A command that makes one file: its words up to the path, the path, and the words after that."""

    before: tuple[str, ...]
    path: str
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class System:
    """Packages of the operating system."""

    tool: str
    packages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """An installer with a manifest or a lock.

    ``files`` are the candidates for the lock, seen from the working directory,
    the first that is there wins.  ``targets`` are the directories that the
    packages land in.  ``gaps`` are parts of the command that are lost.
    """

    ecosystem: str
    files: tuple[str, ...]
    targets: tuple[str, ...]
    values: tuple[tuple[str, object], ...] = ()
    gaps: tuple[Gap, ...] = ()
    remarks: tuple[str, ...] = ()
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A lock written in another form."""

    lock: str
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A program that is compiled.

    The source is the directory of the first of the ``manifests`` that is
    there; ``outputs`` are what the builder writes.  ``package``, ``binary``
    and ``tool`` are those that the command names, None where it names none.
    """

    ecosystem: str
    manifests: tuple[str, ...]
    outputs: tuple[str, ...]
    package: str | None = None
    binary: str | None = None
    tool: str | None = None
    gaps: tuple[Gap, ...] = ()


Action = (
    Needless
    | Lost
    | Opaque
    | ChangeDirectory
    | MakeDirectories
    | Copy
    | Remove
    | Executable
    | Make
    | System
    | Dependencies
    | Export
    | Build
)

SITE = ("/var/lang/lib", "/usr/local/lib", "/usr/lib/python3", "/root/.local")
"""Where packages of Python land that are installed into no directory of their own."""

_QUIET = frozenset([".", ":", "[", "[[", "apt-mark", "cat", "date", "df", "du", "echo", "env", "exit", "export", "false", "file", "id", "ldd", "ls", "printf", "pwd", "set", "shopt", "sleep", "source", "stat", "test", "tree", "true", "ulimit", "umask", "uname", "wc", "which", "whoami"])  # fmt: skip
_NO_FILE = re.compile(r"""(?:\d|&)?>+\s*(?:/dev/null|&\d)|'[^']*'|"(?:[^"\\]|\\.)*"|\\.""", re.DOTALL)
_INSTALLERS = frozenset(["awslambdaric", "aws-lambda-ric", "build", "bundler", "corepack", "npm", "pip", "pip-tools", "pipenv", "pnpm", "poetry", "poetry-core", "poetry-plugin-export", "setuptools", "uv", "virtualenv", "wheel", "yarn"])  # fmt: skip
_NAME = re.compile(r"(?:@[\w.-]+/)?[A-Za-z0-9][\w.-]*")
ONE_TIME = "all files of a layer have one constant time"
_BROUGHT = "the optimizer brings its own installer, or the base has it"
_OWN_PACKAGE = "the project itself is not installed: its packages must lie in /var/task"
_PIP_HARMLESS = frozenset(["--break-system-packages", "--compile", "--disable-pip-version-check", "--exists-action", "--implementation", "--no-cache", "--no-cache-dir", "--no-color", "--no-compile", "--no-input", "--no-warn-script-location", "--no-deps", "--platform", "--prefer-binary", "--progress-bar", "--python", "--python-version", "--python-platform", "--quiet", "--require-hashes", "--retries", "--root-user-action", "--system", "--target", "--timeout", "--upgrade", "--upgrade-strategy", "--user", "--verbose", "--requirement", "--cache-dir", "--abi", "--prefix", "--link-mode", "--compile-bytecode", "--ignore-installed", "--force-reinstall", "-I", "-U", "-q", "-qq", "-r", "-t", "-v"])  # fmt: skip
_NODE_HARMLESS = frozenset(["--production", "--omit", "--only", "--include", "--no-audit", "--no-fund", "--audit", "--fund", "--silent", "--quiet", "--loglevel", "--frozen-lockfile", "--immutable", "--prefer-offline", "--no-optional", "--non-interactive", "--unsafe-perm", "--cache", "--prod", "--progress", "--no-progress", "--no-update-notifier", "--cpu", "--os", "--libc", "--no-package-lock", "--network-timeout", "--ci", "-P", "-s", "-q", "--verbose"])  # fmt: skip
_EXECUTABLE = re.compile(r"[ugoa]*\+[rwstX]*x[rwxstX]*|0?[0-7]*[1357][0-7]*")


def understand(command: Command, text: str) -> Action:
    """What the command means; its words are expanded.  ``text`` is the instruction's, in which redirections are looked for."""
    program, words = command.program, command.words
    if exported := _export(program, words, text):
        return exported
    found = install_of(command)
    if found is not None:
        return _installed(found, text)
    if not redirects(text) and "|" not in text and (made := _make(program, words)) is not None:
        return made
    simple = _simple(program, words)
    if simple is not None:
        return simple
    if program in _QUIET or (len(words) > 1 and words[-1] in ("--version", "-version", "version")):
        return Needless("it changes nothing in the image")
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
            return Needless("everything in an image belongs to root, and everyone may read it")
        case "chmod":
            recursive = any(re.fullmatch(r"-[a-zA-Z]*R[a-zA-Z]*|--recursive", word) for word in words)
            if plain and _EXECUTABLE.fullmatch(plain[0]) and not recursive:
                return Executable(plain[1:])
            return Needless("modes become 0755 and 0644: everyone may read, and what is executable stays so")
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
            return Needless("it concerns the installer only")
        case "npm" | "yarn" | "pnpm" if verb in ("cache", "prune", "audit", "fund", "set", "config", "store"):
            if verb in ("config", "set") and any("registry" in word.lower() or "auth" in word.lower() for word in words):
                return Lost.of(f"{_shown(words)} sets a registry", "set registry of the step, and credentials as a build secret")
            return Needless("the step installs what the image needs, and leaves no cache")
        case "corepack":
            return Needless(_BROUGHT)
        case "bundle" | "bundler" if verb in ("config", "clean", "lock", "check"):
            if any("build." in word for word in words):
                return Lost.of(
                    f"{_shown(words)} sets an option of a build", "write it into .bundle/config, or build the gems in a command step"
                )
            return Needless("the step sets its own configuration of Bundler")
        case "go" if verb in ("mod", "env", "vet", "test", "clean", "version", "fmt"):
            return Needless("the step fetches the modules itself; it runs no tests")
        case "cargo" if verb in ("chef", "fetch", "test", "clean", "init", "new", "vendor"):
            return Needless("the step fetches the crates itself; it runs no tests")
        case "rustup" | "cargo-lambda":
            return Needless("the step's builder has what it needs")
        case "dotnet" if verb in ("tool", "clean", "test", "nuget"):
            return Needless("the step restores and publishes by itself; it runs no tests")
        case "python" | "python3" if "compileall" in words:
            return Needless("bytecode = true, the default, compiles the code when the image is built")
        case "touch" if plain != tuple(words[1:]):
            return Needless(ONE_TIME)
        case "ldconfig" | "update-ca-certificates" | "sync":
            return Needless("it changes nothing that the steps do not change")
        case _ if re.fullmatch(r"python3?(?:\.\d+)?", program) and words[1:3] == ("-m", "compileall"):
            return Needless("bytecode = true, the default, compiles the code when the image is built")
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


def _system_other(program: str, words: Sequence[str], plain: Sequence[str]) -> Action:
    verb = plain[0] if plain else ""
    if verb in ("clean", "makecache", "update", "autoremove", "autoclean") and program in ("apt", "apt-get", "apk"):
        return Needless("caches and lists of packages never reach the image")
    if verb in ("clean", "makecache", "autoremove"):
        return Needless("caches and lists of packages never reach the image")
    if verb in ("remove", "erase", "purge", "del"):
        return Needless("what only builds need never reaches the image, and a removal makes no layer below smaller")
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
        return _build(found)
    match found.ecosystem:
        case "python":
            return _python(found)
        case "nodejs":
            return _node(found)
        case "ruby":
            return _ruby(found)
        case "java":
            return _build(found)
    return (
        Needless("the step fetches its dependencies itself")
        if found.tool in ("go", "cargo", "dotnet")
        else Opaque(_shown(found.command.words))
    )


def _names(packages: Sequence[str]) -> tuple[str, ...]:
    """The packages that are no installers themselves."""
    result = []
    for package in packages:
        match = _NAME.match(package)
        if match is None or match[0].lower().replace("_", "-") not in _INSTALLERS:
            result.append(package)
    return tuple(result)


def _python(found: Install) -> Action:
    words = found.command.words
    if found.tool in ("poetry", "pipenv") or (found.tool == "uv" and found.verb == "sync"):
        known = manager(found.tool)
        groups, lost = _groups(words)
        chosen = (("groups", groups),) if groups else ()
        own = () if "--no-root" in words or "--no-install-project" in words or found.tool == "pipenv" else (_OWN_PACKAGE,)
        return Dependencies(
            ecosystem="python", files=known.locks, targets=(*SITE, ".venv"), values=chosen, gaps=lost, how=known.create, remarks=own
        )
    files = found.value_of("-r", "--requirement")
    names = _names(found.packages)
    if not files and not names:
        return Needless(_BROUGHT)
    targets = found.value_of("-t", "--target", "--prefix", "--root", "-w", "--wheel-dir", "-d", "--dest")[-1:] or _home(found)
    values, gaps = _pip_options(found)
    wheels = [name for name in names if name.endswith(".whl") or "*" in name]
    named = [name for name in names if name not in wheels]
    if named:
        local = [name for name in named if name not in found.distributed]
        gaps += [_named(named, local)]
    if not files:
        return Lost(tuple(gaps)) if named else Needless("the packages of these files are those of the step")
    return Dependencies(ecosystem="python", files=tuple(files), targets=targets, values=tuple(values), gaps=tuple(gaps))


def _named(names: Sequence[str], local: Sequence[str]) -> Gap:
    shown = " ".join(names[:6]) + (" …" if len(names) > 6 else "")
    if local:
        return Gap(f"installs from a path: {shown}", "copy the code with a source-code step, and list what it needs in a lock file")
    return Gap(
        f"no lock file names these packages: {shown}",
        "write them, with their versions, into a requirements file that the Dockerfile installs, and run init again",
    )


def _home(found: Install) -> tuple[str, ...]:
    program = found.command.words[0]
    if "/bin/" in program and not program.startswith(("/usr/", "/bin/", "/var/lang/", "/opt/bin/")):
        return (program.rpartition("/bin/")[0],)
    return SITE


def _pip_options(found: Install) -> tuple[list[tuple[str, object]], list[Gap]]:
    values: list[tuple[str, object]] = []
    gaps: list[Gap] = []
    if index := found.value_of("-i", "--index-url"):
        values.append(("index_url", index[-1]))
    if found.value_of("--only-binary"):
        values.append(("wheels_only", True))
    if constraints := found.value_of("-c", "--constraint"):
        gaps.append(
            Gap(f"constraints of {constraints[-1]} are not read", f'write "-c {constraints[-1]}" as a line of the requirements file')
        )
    known = {"-i", "--index-url", "--only-binary", "-c", "--constraint", "--install", "-m"}
    for option in _options(found.command.words):
        if option not in known and option not in _PIP_HARMLESS and option[:2] not in ("-r", "-t", "-i", "-c"):
            gaps.append(
                Gap(
                    f"the option {option} of {found.tool} has no field in the step",
                    "write it as a line of the requirements file, where pip knows it there",
                )
            )
    return values, gaps


def _options(words: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(word.partition("=")[0] for word in words[1:] if word.startswith("-") and len(word) > 1))


def _groups(words: Sequence[str]) -> tuple[tuple[str, ...], tuple[Gap, ...]]:
    groups: list[str] = []
    gaps: list[Gap] = []
    for index, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name in ("--group", "--with", "--extra", "--extras", "-E"):
            value = value if equals else words[index + 1] if index + 1 < len(words) else ""
            if name in ("--group", "--with"):
                groups += [item for item in re.split(r"[,\s]+", value) if item]
            else:
                gaps.append(Gap(f"the extra {value} has no field in the step", "make it a dependency group, and name it in groups"))
        elif name == "--all-extras":
            gaps.append(Gap("extras have no field in the step", "make them dependency groups, and name them in groups"))
    return tuple(groups), tuple(gaps)


def _node(found: Install) -> Action:
    words = found.command.words
    if any(word in ("-g", "--global") for word in words) or (found.tool == "yarn" and "global" in words):
        names = _names(found.packages)
        if not names:
            return Needless(_BROUGHT)
        return Lost.of(
            f"installs programs for the whole image: {' '.join(names)}", "make them devDependencies, and run them in a command step"
        )
    names = _names(found.packages)
    if names:
        return Lost.of(
            f"no lock file names these packages: {' '.join(names[:6])}", "add them to package.json, lock them, and run init again"
        )
    values: list[tuple[str, object]] = []
    if any(word in ("--ignore-scripts", "--ignore-scripts=true") for word in words):
        values.append(("scripts", False))
    if registry := found.value_of("--registry"):
        values.append(("registry", registry[-1]))
    prefix = (found.value_of("--prefix", "-C", "--dir") or (".",))[-1]
    gaps = [
        Gap(
            f"the option {option} of {found.tool} has no field in the step",
            "set it in .npmrc beside the lock file, where npm knows it there",
        )
        for option in _options(words)
        if option not in _NODE_HARMLESS and option not in ("--ignore-scripts", "--registry", "--prefix", "-C", "--dir")
    ]
    production = any(word in ("--production", "--omit=dev", "--prod", "--only=production", "-P") for word in words)
    return Dependencies(
        ecosystem="nodejs",
        files=tuple(f"{prefix}/{name}" for name in manager(found.tool).locks),
        targets=(f"{prefix}/node_modules",),
        values=tuple(values),
        gaps=tuple(gaps),
        remarks=() if production else ("devDependencies stay out of the image",),
        how=manager(found.tool).create,
    )


def _ruby(found: Install) -> Action:
    if found.tool == "gem":
        names = _names(found.packages)
        if not names:
            return Needless(_BROUGHT)
        return Lost.of(f"no lock file names these gems: {' '.join(names)}", "add them to the Gemfile, and run bundle lock")
    return Dependencies(
        ecosystem="ruby",
        files=manager("Bundler").locks,
        targets=("vendor/bundle", "/var/lang/lib/ruby", "/usr/local/bundle"),
        how=manager("Bundler").create,
    )


def _build(found: Install) -> Action:
    words = found.command.words
    match found.ecosystem:
        case "go":
            return _go(words)
        case "rust":
            return _rust(words)
        case "dotnet":
            return _dotnet(words)
    tool = "gradle" if found.tool == "gradle" else "maven"
    if tool == "maven":
        outputs = tuple(value for word in words if (value := word.removeprefix("-DoutputDirectory=")) != word) or ("target",)
        files = [words[index + 1] for index, word in enumerate(words[:-1]) if word in ("-f", "--file")]
        return Build(ecosystem="java", manifests=tuple(files) or ("pom.xml",), outputs=outputs, tool=tool, gaps=_java(words))
    directory = next((words[index + 1] for index, word in enumerate(words[:-1]) if word in ("-p", "--project-dir")), ".")
    manifests = tuple(f"{directory}/{name}" for name in ("build.gradle", "build.gradle.kts"))
    return Build(ecosystem="java", manifests=manifests, outputs=(f"{directory}/build",), tool=tool, gaps=_java(words))


_JAVA_HARMLESS = re.compile(
    r"-D(?:skipTests|maven\.test\.skip|includeScope|outputDirectory|software\.amazon\.aws\.lambdabuilders\.[\w.-]+|org\.gradle\.daemon)(?:=.*)?"
)


def _java(words: Sequence[str]) -> tuple[Gap, ...]:
    lost = [word for word in words if re.match(r"-[PD][A-Za-z]", word) and not _JAVA_HARMLESS.fullmatch(word)]
    lost += [
        f"{word} {following}"
        for word, following in itertools.pairwise(words)
        if word in ("--init-script", "-I") and "lambda-build-init" not in following
    ]
    return tuple(Gap(f"{word} is not passed on", "set it in the build file") for word in lost)


def _go(words: Sequence[str]) -> Action:
    output, package, gaps = "", ".", []
    skip = ""
    for word in words[2:]:
        if skip:
            if skip == "-o":
                output = word
            elif skip == "-ldflags" and "-X" in word:
                gaps.append(Gap("-ldflags -X sets variables of the program", "read them from an embedded file, or from the environment"))
            elif skip == "-tags" and set(re.split(r"[, ]+", word)) - {"lambda.norpc", "netgo", "osusergo", ""}:
                gaps.append(Gap(f"the build tags {word} have no field in the step", "build with a command step, or do without the tags"))
            skip = ""
        elif word in ("-o", "-ldflags", "-tags", "-mod", "-gcflags", "-asmflags", "-p"):
            skip = word
        elif word.startswith("-o="):
            output = word[3:]
        elif word.startswith("-ldflags=") and "-X" in word:
            gaps.append(Gap("-ldflags -X sets variables of the program", "read them from an embedded file, or from the environment"))
        elif not word.startswith("-"):
            package = word
    if package.endswith(".go"):
        package = package.rpartition("/")[0] or "."
    return Build(
        ecosystem="go", manifests=("go.mod",), outputs=(output or ".",), package=package.removeprefix("./") or ".", gaps=tuple(gaps)
    )


def _rust(words: Sequence[str]) -> Action:
    binary = next((words[index + 1] for index, word in enumerate(words[:-1]) if word == "--bin"), "")
    gaps = [
        Gap(f"{word} of cargo has no field in the step", "set it in Cargo.toml, or build with a command step")
        for word in words
        if word.partition("=")[0] in ("--features", "-F", "--all-features", "--no-default-features", "--profile")
    ]
    return Build(ecosystem="rust", manifests=("Cargo.toml",), outputs=("target",), binary=binary or None, gaps=tuple(gaps))


def _dotnet(words: Sequence[str]) -> Action:
    project, output, skip = "", "", ""
    for word in words[2:]:
        if skip:
            output = word if skip in ("-o", "--output", "--output-package") else output
            skip = ""
        elif word in (
            "-o",
            "--output",
            "--output-package",
            "-c",
            "--configuration",
            "-r",
            "--runtime",
            "-f",
            "--framework",
            "-v",
            "--verbosity",
            "-a",
            "--arch",
            "--os",
        ):
            skip = word
        elif word.startswith("--output="):
            output = word.partition("=")[2]
        elif not word.startswith(("-", "/")) and word not in ("package", "build", "publish"):
            project = word
    lost = [word for word in words if re.match(r"(?:-p|/p|-property|--property):", word)]
    if any(word in ("--self-contained", "--sc") and following != "false" for word, following in zip(words, [*words[1:], ""], strict=True)):
        lost.append("--self-contained")
    return Build(
        ecosystem="dotnet",
        gaps=tuple(Gap(f"{word} is not passed on", "set the property in the project file") for word in lost),
        manifests=(project or "*.csproj", *(() if project else ("*.fsproj",))),
        outputs=(output,) if output else ("bin",),
    )


_EXPORTS = (("poetry", "export"), ("uv", "export"), ("pipenv", "requirements"), ("pipenv", "lock"))
_OUTPUT = re.compile(r"(?<![\d&])>\s*(?P<path>[^\s;&|<>]+)")


def _export(program: str, words: Sequence[str], text: str) -> Export | None:
    """``poetry export`` and its peers: a lock of another tool, in the form of a requirements file."""
    verb = next((word for word in words[1:] if not word.startswith("-")), "")
    if (program, verb) not in _EXPORTS:
        return None
    (lock,) = manager(program).locks
    named = [words[index + 1] for index, word in enumerate(words[:-1]) if word in ("-o", "--output", "--output-file")]
    named += [word.partition("=")[2] for word in words if word.startswith(("--output=", "--output-file="))]
    named += [match["path"] for match in _OUTPUT.finditer(text)]
    return Export(lock=lock, output=named[0]) if named else None


def _shown(words: Sequence[str]) -> str:
    text = " ".join(words)
    return f'"{text}"' if len(text) <= 60 else f'"{text[:57]}…"'
