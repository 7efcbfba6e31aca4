"""package.json: what it needs, where its code starts, and which of its own scripts an installer would run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from optimizer.locks.nodejs import load_json, names, table, texts

LIFECYCLE = {
    "npm": ("preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"),
    "pnpm": ("pnpm:devPreinstall", "preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare"),
    "yarn": ("preinstall", "install", "postinstall"),
}
"""The scripts of the project itself that each tool runs when it installs for production.

Sources: https://docs.npmjs.com/cli/using-npm/scripts#npm-ci, https://pnpm.io/scripts#lifecycle-scripts,
https://yarnpkg.com/advanced/lifecycle-scripts; those of pnpm and Yarn are as seen in a run.
"""

DEVELOPMENT_ONLY = (
    "husky",
    "lefthook",
    "simple-git-hooks",
    "pre-commit",
    "is-ci",
    "only-allow",
    "pinst",
    "opencollective",
    "opencollective-postinstall",
    "echo",
    "exit",
    "true",
    "false",
    ":",
    "[",
    "test",
)
"""Programs whose work is of no use in an image: hooks of git, checks of the installer, messages."""

_BUNDLERS = frozenset(
    [
        "bunup",
        "esbuild",
        "microbundle",
        "ncc",
        "parcel",
        "rolldown",
        "rollup",
        "rsbuild",
        "rspack",
        "tsdown",
        "tsup",
        "unbuild",
        "vite",
        "webpack",
        "webpack-cli",
    ]
)
_COMPILERS = frozenset(["babel", "sucrase", "swc", "tsc", "tsgo", "tspc", "ttsc"])
# What a script of these does is another program's affair.
_UNTOLD = frozenset(
    [
        "bash",
        "bun",
        "gulp",
        "just",
        "lerna",
        "make",
        "node",
        "npm",
        "nx",
        "pnpm",
        "sh",
        "task",
        "ts-node",
        "tsx",
        "turbo",
        "wireit",
        "yarn",
        "zx",
    ]
)

_RUNNERS = (
    ("npx",),
    ("npm", "exec"),
    ("npm", "run"),
    ("npm", "run-script"),
    ("pnpm", "exec"),
    ("pnpm", "dlx"),
    ("pnpm", "run"),
    ("yarn", "run"),
    ("yarn", "exec"),
    ("yarn", "dlx"),
    ("pnpm",),
    ("yarn",),
)
_PATCH_FLAGS = ("--error-on-fail", "--error-on-warn", "--use-yarn")
_RUNTIME_CONDITIONS_NOT = ("types", "typings", "browser", "deno", "bun", "react-native", "development")
_SUFFIXES = ("", ".js", ".json", ".node", ".cjs", ".mjs", ".ts", "/index.js", "/index.json", "/index.node")


# The last package of a resolution such as "debug/ms", "@acme/text" or "debug@npm:4.4.0/ms@npm:^2.1.3".
_OVERRIDDEN = re.compile(r"(?:^|/)((?:@[^/@]+/)?[^/@]+)(?:@[^/]*)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnScripts:
    """What the project's own lifecycle scripts do.

    ``patches`` is the directory of patch-package's patches, None where no
    script runs it.  ``others`` are scripts that do something else, by name.
    """

    patches: str | None = None
    others: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One package.json.

    ``production`` are the names of what it needs outside of development,
    ``others`` those of what it needs besides, for development or from its peers;
    ``entries`` the files at which its code starts, as it writes them.
    ``modules`` says that its files are ES modules unless their names say else.
    ``node`` is the range of its ``engines``; ``asks_for_tool`` whether it names
    an installer, in ``packageManager``, ``devEngines`` or ``engines``.  ``allowed_scripts``
    are the packages whose install scripts it allows or denies to npm, ``overridden``
    those for which it has ``resolutions``.
    """

    name: str = ""
    production: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    modules: bool = False
    scripts: Mapping[str, str] = field(default_factory=dict)
    has_workspaces: bool = False
    node: str = ""
    asks_for_tool: bool = False
    patched: Mapping[str, Any] = field(default_factory=dict)
    allowed_scripts: Mapping[str, bool] = field(default_factory=dict)
    overridden: tuple[str, ...] = ()

    def lifecycle(self, tool: str) -> tuple[str, ...]:
        """The names of its scripts that ``npm``, ``pnpm`` or ``yarn`` would run, in the order in which they run."""
        return tuple(name for name in LIFECYCLE[tool] if name in self.scripts)

    def own_scripts(self, tool: str) -> OwnScripts:
        """What its lifecycle scripts do."""
        patches: str | None = None
        others = {}
        for name in self.lifecycle(tool):
            for argv in self.commands(name):
                directory = _patch_directory(argv)
                if directory is not None:
                    patches = directory
                elif not _is_for_development(argv):
                    others[name] = self.scripts[name]
        return OwnScripts(patches=patches, others=others)

    def commands(self, name: str) -> Iterator[tuple[str, ...]]:
        """The commands of one of its scripts, without what runs them, such as ``npx``."""
        return self._commands(self.scripts[name], (name,))

    def bundles(self, name: str) -> bool | None:
        """Whether one of its scripts puts the packages that the code imports into what it makes; None where that cannot be told."""
        programs = {argv[0].rpartition("/")[2] for argv in self.commands(name)}
        if programs & _BUNDLERS:
            return True
        return False if programs & _COMPILERS and not programs & _UNTOLD else None

    def _commands(self, script: str, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """The commands of a script, and of those that it runs by ``npm run``."""
        for part in re.split(r"&&|\|\||[;&|\n]", script):
            try:
                argv = _without_runner(tuple(shlex.split(part)))
            except ValueError:
                argv = (part,)
            if len(argv) == 1 and argv[0] in self.scripts and argv[0] not in above:
                yield from self._commands(self.scripts[argv[0]], (*above, argv[0]))
            elif argv:
                yield argv


@lru_cache(maxsize=256)
def read_manifest(text: str) -> Manifest | None:
    """The manifest; None when it is damaged."""
    data = load_json(text)
    if data is None:
        return None
    name = data.get("name")
    workspaces = data.get("workspaces")
    engines = table(data.get("engines"))
    return Manifest(
        name=name if isinstance(name, str) else "",
        production=tuple(sorted({**table(data.get("dependencies")), **table(data.get("optionalDependencies"))})),
        others=tuple(sorted({**table(data.get("devDependencies")), **table(data.get("peerDependencies"))})),
        entries=tuple(dict.fromkeys(_entries(data))),
        modules=data.get("type") == "module",
        scripts=texts(data.get("scripts")),
        has_workspaces=bool(names(workspaces) or names(table(workspaces).get("packages"))),
        node=str(engines.get("node", "")),
        asks_for_tool=bool({"packageManager", "devEngines"} & set(data)) or any(tool in engines for tool in LIFECYCLE),
        patched=table(table(data.get("pnpm")).get("patchedDependencies")),
        allowed_scripts={key: bool(value) for key, value in table(data.get("allowScripts")).items()},
        overridden=tuple(sorted({match[1] for key in table(data.get("resolutions")) if (match := _OVERRIDDEN.search(key))})),
    )


def candidates(entry: str) -> Iterator[str]:
    """The files that an entry of a package can mean, relative to the package."""
    bare = entry.removeprefix("./").rstrip("/") or "index.js"
    for suffix in _SUFFIXES:
        yield bare + suffix


def _entries(data: Mapping[str, Any]) -> Iterator[str]:
    exports = data.get("exports")
    if exports is None:
        main = data.get("main")
        if isinstance(main, str):
            yield main
        return
    subpaths = table(exports)
    yield from _targets(subpaths["."] if "." in subpaths else exports if not any(key.startswith(".") for key in subpaths) else None)


def _targets(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.startswith("./") and "*" not in value:
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _targets(item)
    else:
        for condition, item in table(value).items():
            if not condition.startswith(_RUNTIME_CONDITIONS_NOT):
                yield from _targets(item)


def _without_runner(argv: tuple[str, ...]) -> tuple[str, ...]:
    while argv and re.fullmatch(r"[A-Za-z_]\w*=.*", argv[0]):
        argv = argv[1:]
    for runner in _RUNNERS:
        if argv[: len(runner)] == runner:
            rest = argv[len(runner) :]
            while rest and rest[0].startswith("-"):
                rest = rest[1:]
            return (re.sub(r"(?<=.)@.*", "", rest[0]), *rest[1:]) if rest else argv
    return argv


def _is_for_development(argv: Sequence[str]) -> bool:
    program = argv[0].rpartition("/")[2]
    if program == "node":
        return len(argv) > 1 and argv[1].removeprefix("./").startswith(".husky/")
    if program == "git":
        return argv[1:3] == ("config", "core.hooksPath") or argv[1:4] == ("config", "--local", "core.hooksPath")
    return program in DEVELOPMENT_ONLY


def _patch_directory(argv: Sequence[str]) -> str | None:
    """The directory of the patches, for a command that applies them and does nothing else."""
    if argv[0] != "patch-package":
        return None
    directory = "patches"
    rest = list(argv[1:])
    while rest:
        word = rest.pop(0)
        if word == "--patch-dir" and rest:
            directory = rest.pop(0)
        elif word.startswith("--patch-dir="):
            directory = word.partition("=")[2]
        elif word not in _PATCH_FLAGS:
            return None
    return directory.removeprefix("./").rstrip("/")
