"""Installers of packages that a lock or a manifest names: pip, uv, Poetry, Pipenv, npm and its peers, Bundler."""

from __future__ import annotations

import re
from collections.abc import Sequence

from optimizer.adoption.actions import SITE, Action, Dependencies, Export, Lost, NotNeeded
from optimizer.adoption.proposal import NotCarried
from optimizer.dockerfile.installs import Install
from optimizer.locks.managers import manager

_INSTALLERS = frozenset(["awslambdaric", "aws-lambda-ric", "build", "bundler", "corepack", "npm", "pip", "pip-tools", "pipenv", "pnpm", "poetry", "poetry-core", "poetry-plugin-export", "setuptools", "uv", "virtualenv", "wheel", "yarn"])  # fmt: skip
_NAME = re.compile(r"(?:@[\w.-]+/)?[A-Za-z0-9][\w.-]*")
WITHOUT_DEVELOPMENT = "devDependencies stay out of the image"
BROUGHT = "the optimizer brings its own installer, or the base has it"
_NOT_OWN = frozenset(["--no-root", "--no-install-project", "--no-install-workspace", "--no-install-local", "--no-emit-project", "--no-emit-workspace", "--no-emit-local"])  # fmt: skip
_PIP_HARMLESS = frozenset(["--break-system-packages", "--compile", "--disable-pip-version-check", "--exists-action", "--implementation", "--no-cache", "--no-cache-dir", "--no-color", "--no-compile", "--no-input", "--no-warn-script-location", "--no-deps", "--platform", "--prefer-binary", "--progress-bar", "--python", "--python-version", "--python-platform", "--quiet", "--require-hashes", "--retries", "--root-user-action", "--system", "--target", "--timeout", "--upgrade", "--upgrade-strategy", "--user", "--verbose", "--requirement", "--cache-dir", "--abi", "--prefix", "--link-mode", "--compile-bytecode", "--ignore-installed", "--force-reinstall", "--wheel-dir", "--dest", "--root", "-d", "-w", "-I", "-U", "-q", "-qq", "-r", "-t", "-v"])  # fmt: skip
_NODE_HARMLESS = frozenset(["--production", "--omit", "--only", "--include", "--no-audit", "--no-fund", "--audit", "--fund", "--silent", "--quiet", "--loglevel", "--frozen-lockfile", "--immutable", "--prefer-offline", "--no-optional", "--non-interactive", "--unsafe-perm", "--cache", "--prod", "--progress", "--no-progress", "--no-update-notifier", "--cpu", "--os", "--libc", "--no-package-lock", "--network-timeout", "--ci", "-P", "-s", "-q", "--verbose"])  # fmt: skip
_NODE_FIELDS = frozenset(["--ignore-scripts", "--registry", "--prefix", "-C", "--dir", "-w", "--workspace", "--filter", "-F", "--workspaces", "-ws", "--include-workspace-root"])  # fmt: skip
_EXPORTS = (("poetry", "export"), ("uv", "export"), ("pipenv", "requirements"), ("pipenv", "lock"))
_OUTPUT = re.compile(r"(?<![\d&])>\s*(?P<path>[^\s;&|<>]+)")


def _names(packages: Sequence[str]) -> tuple[str, ...]:
    """The packages that are no installers themselves."""
    result = []
    for package in packages:
        match = _NAME.match(package)
        if match is None or match[0].lower().replace("_", "-") not in _INSTALLERS:
            result.append(package)
    return tuple(result)


def python_packages(found: Install) -> Action:
    words = found.command.words
    if found.tool in ("poetry", "pipenv") or (found.tool == "uv" and found.verb == "sync"):
        known = manager(found.tool)
        values, lost = _chosen(words)
        return Dependencies(
            ecosystem="python",
            files=known.locks,
            targets=(*SITE, ".venv"),
            values=values,
            not_carried=lost,
            how=known.create,
            own=found.tool != "pipenv" and not _NOT_OWN & set(words),
            whole="--all-packages" in words,
        )
    files = found.value_of("-r", "--requirement")
    names = _names(found.packages)
    if not files and not names:
        return NotNeeded(BROUGHT)
    targets = found.value_of("-t", "--target", "--prefix", "--root", "-w", "--wheel-dir", "-d", "--dest")[-1:] or _home(found)
    options, not_carried = _pip_options(found)
    wheels = tuple(name for name in names if name.endswith(".whl") or "*" in name)
    links = found.value_of("-f", "--find-links")
    named = [name for name in names if name not in wheels]
    if named:
        local = [name for name in named if name not in found.distributed]
        not_carried += [_named(named, local)]
    if not files and not wheels:
        return Lost(tuple(not_carried))
    return Dependencies(
        ecosystem="python",
        files=tuple(files),
        targets=targets,
        values=tuple(options),
        not_carried=tuple(not_carried),
        wheels=wheels,
        links=links,
        without_index="--no-index" in found.command.words,
    )


def _named(names: Sequence[str], local: Sequence[str]) -> NotCarried:
    shown = " ".join(names[:6]) + (" …" if len(names) > 6 else "")
    if local:
        return NotCarried(f"installs from a path: {shown}", "copy the code with a source-code step, and list what it needs in a lock file")
    return NotCarried(
        f"no lock file names these packages: {shown}",
        "write them, with their versions, into a requirements file that the Dockerfile installs, and run init again",
    )


def _home(found: Install) -> tuple[str, ...]:
    program = found.command.words[0]
    if "/bin/" in program and not program.startswith(("/usr/", "/bin/", "/var/lang/", "/opt/bin/")):
        return (program.rpartition("/bin/")[0],)
    return SITE


def _pip_options(found: Install) -> tuple[list[tuple[str, object]], list[NotCarried]]:
    values: list[tuple[str, object]] = []
    not_carried: list[NotCarried] = []
    if index := found.value_of("-i", "--index-url"):
        values.append(("index_url", index[-1]))
    if found.value_of("--only-binary"):
        values.append(("wheels_only", True))
    if constraints := found.value_of("-c", "--constraint"):
        not_carried.append(
            NotCarried(f"constraints of {constraints[-1]} are not read", f'write "-c {constraints[-1]}" as a line of the requirements file')
        )
    known = {"-i", "--index-url", "--only-binary", "-c", "--constraint", "--install", "-m", "-f", "--find-links", "--no-index"}
    for option in _options(found.command.words):
        if option not in known and option not in _PIP_HARMLESS and option[:2] not in ("-r", "-t", "-i", "-c"):
            not_carried.append(
                NotCarried(
                    f"the option {option} of {found.tool} has no field in the step",
                    "write it as a line of the requirements file, where pip knows it there",
                )
            )
    return values, not_carried


def _options(words: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(word.partition("=")[0] for word in words[1:] if word.startswith("-") and len(word) > 1))


def _chosen(words: Sequence[str]) -> tuple[tuple[tuple[str, object], ...], tuple[NotCarried, ...]]:
    """Which groups, extras and member of a workspace are installed, and what of the choice is lost."""
    groups: list[str] = []
    not_carried: list[NotCarried] = []
    package = ""
    for index, word in enumerate(words):
        name, equals, value = word.partition("=")
        value = value if equals else words[index + 1] if index + 1 < len(words) else ""
        if name in ("--group", "--with", "--extra", "--extras", "-E"):
            groups += [item for item in re.split(r"[,\s]+", value) if item]
        elif name == "--package":
            package = value
        elif name in ("--all-extras", "--all-groups"):
            what = name.removeprefix("--all-")
            not_carried.append(
                NotCarried(f"{name} takes the {what} of the day", f"name those {what} in groups of the step that the function needs")
            )
        elif name in ("--only-group", "--only-dev"):
            not_carried.append(
                NotCarried(f"{name} leaves out the project's own dependencies", "lock that group by itself, and name that lock")
            )
    values = [("groups", tuple(dict.fromkeys(groups)))] if groups else []
    return (*values, *([("package", package)] if package else [])), tuple(not_carried)


def node_packages(found: Install) -> Action:
    words = found.command.words
    if any(word in ("-g", "--global") for word in words) or (found.tool == "yarn" and "global" in words):
        names = _names(found.packages)
        if not names:
            return NotNeeded(BROUGHT)
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
    members = [_member(value) for value in found.value_of("-w", "--workspace", "--filter", "-F")]
    values += [("package", name) for name in members[:1]]
    not_carried = [_several(members)] if len(set(members)) > 1 else []
    not_carried += [
        NotCarried(
            f"the option {option} of {found.tool} has no field in the step",
            "set it in .npmrc beside the lock file, where npm knows it there",
        )
        for option in _options(words)
        if option not in _NODE_HARMLESS and option not in _NODE_FIELDS
    ]
    production = any(word in ("--production", "--omit=dev", "--prod", "--only=production", "-P") for word in words)
    return Dependencies(
        ecosystem="nodejs",
        files=tuple(f"{prefix}/{name}" for name in manager(found.tool).locks),
        targets=(f"{prefix}/node_modules",),
        values=tuple(values),
        not_carried=tuple(not_carried),
        remarks=() if production else (WITHOUT_DEVELOPMENT,),
        how=manager(found.tool).create,
        whole=not members,
    )


def focused(program: str, words: Sequence[str]) -> Dependencies | None:
    """``yarn workspaces focus``, which installs for members of a workspace; None for any other command."""
    if program != "yarn" or tuple(words[1:3]) != ("workspaces", "focus"):
        return None
    members = [word for word in words[3:] if not word.startswith("-")]
    return Dependencies(
        ecosystem="nodejs",
        files=manager("yarn").locks,
        targets=("node_modules",),
        values=tuple(("package", name) for name in members[:1]),
        not_carried=(_several(members),) if len(members) > 1 else (),
        remarks=() if "--production" in words else (WITHOUT_DEVELOPMENT,),
        how=manager("yarn").create,
        whole=not members,
    )


def _member(value: str) -> str:
    """The name or the directory in what selects a member: pnpm also takes ``{packages/api}``, ``./packages/api`` and ``api...``."""
    return value.removesuffix("...").strip("{}").removeprefix("./").rstrip("/")


def _several(members: Sequence[str]) -> NotCarried:
    return NotCarried(
        f"installs for several members: {' '.join(members)}", "make a spec for each, or let one depend on what it needs of the others"
    )


def ruby_packages(found: Install) -> Action:
    if found.tool == "gem":
        names = _names(found.packages)
        if not names:
            return NotNeeded(BROUGHT)
        return Lost.of(f"no lock file names these gems: {' '.join(names)}", "add them to the Gemfile, and run bundle lock")
    return Dependencies(
        ecosystem="ruby",
        files=manager("Bundler").locks,
        targets=("vendor/bundle", "/var/lang/lib/ruby", "/usr/local/bundle"),
        how=manager("Bundler").create,
    )


def export(program: str, words: Sequence[str], text: str) -> Export | None:
    """``poetry export`` and its peers: a lock of another tool, in the form of a requirements file."""
    verb = next((word for word in words[1:] if not word.startswith("-")), "")
    if (program, verb) not in _EXPORTS:
        return None
    (lock,) = manager(program).locks
    named = [words[index + 1] for index, word in enumerate(words[:-1]) if word in ("-o", "--output", "--output-file")]
    named += [word.partition("=")[2] for word in words if word.startswith(("--output=", "--output-file="))]
    named += [match["path"] for match in _OUTPUT.finditer(text)]
    if not named:
        return None
    values, not_carried = _chosen(words)
    own = program == "uv" and not _NOT_OWN & set(words)
    return Export(lock=lock, output=named[0], values=values, not_carried=not_carried, own=own, whole="--all-packages" in words)
