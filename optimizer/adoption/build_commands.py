"""Compilers: Go, Cargo, dotnet, Maven and Gradle."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from optimizer.adoption.actions import Action, Build
from optimizer.adoption.proposal import NotCarried
from optimizer.dockerfile.installs import Install
from optimizer.locks.gradle import SETTINGS


def build(found: Install) -> Action:
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
        outputs = ("target", *(value for word in words if (value := word.removeprefix("-DoutputDirectory=")) != word))
        files = [word if word.endswith(".xml") else f"{word}/pom.xml" for word in _values(words, "-f", "--file")]
        named = [word for value in _values(words, "-pl", "--projects") for word in value.split(",") if not word.startswith(("!", "-"))]
        return Build(
            ecosystem="java",
            manifests=tuple(files) or ("pom.xml",),
            outputs=outputs,
            tool=tool,
            module=named[0] if len(named) == 1 else None,
            not_carried=_java(words),
        )
    directory = next(iter(_values(words, "-p", "--project-dir")), ".")
    manifests = tuple(f"{directory}/{name}" for name in ("build.gradle", "build.gradle.kts", *SETTINGS))
    tasks = [word.strip(":").rpartition(":")[0] for word in words[1:] if ":" in word and not word.startswith("-")]
    return Build(
        ecosystem="java",
        manifests=manifests,
        outputs=("build",),
        tool=tool,
        module=tasks[0].replace(":", "/") if tasks and tasks[0] else None,
        not_carried=_java(words),
    )


def _values(words: Sequence[str], *options: str) -> list[str]:
    """The values of the options, as a word of their own or behind a ``=``."""
    found = [following for word, following in itertools.pairwise(words) if word in options]
    return found + [word.partition("=")[2] for word in words if word.partition("=")[0] in options and "=" in word]


_JAVA_HARMLESS = re.compile(
    r"-D(?:skipTests|maven\.test\.skip|includeScope|outputDirectory|software\.amazon\.aws\.lambdabuilders\.[\w.-]+|org\.gradle\.daemon)(?:=.*)?"
)


def _java(words: Sequence[str]) -> tuple[NotCarried, ...]:
    lost = [word for word in words if re.match(r"-[PD][A-Za-z]", word) and not _JAVA_HARMLESS.fullmatch(word)]
    lost += [
        f"{word} {following}"
        for word, following in itertools.pairwise(words)
        if word in ("--init-script", "-I") and "lambda-build-init" not in following
    ]
    return tuple(NotCarried(f"{word} is not passed on", "set it in the build file") for word in lost)


_GO_VALUES = frozenset(["-asmflags", "-buildmode", "-compiler", "-gccgoflags", "-gcflags", "-installsuffix", "-ldflags", "-mod", "-modfile", "-o", "-overlay", "-p", "-pgo", "-pkgdir", "-tags", "-toolexec"])  # fmt: skip
"""Options of go build with a value: https://pkg.go.dev/cmd/go#hdr-Compile_packages_and_dependencies"""


def _go(words: Sequence[str]) -> Action:
    output, package, not_carried = "", ".", []
    skip = ""
    for word in words[2:]:
        if skip:
            if skip == "-o":
                output = word
            elif skip == "-ldflags" and "-X" in word:
                not_carried.append(
                    NotCarried("-ldflags -X sets variables of the program", "read them from an embedded file, or from the environment")
                )
            elif skip == "-tags" and set(re.split(r"[, ]+", word)) - {"lambda.norpc", "netgo", "osusergo", ""}:
                not_carried.append(
                    NotCarried(f"the build tags {word} have no field in the step", "build with a command step, or do without the tags")
                )
            skip = ""
        elif word in _GO_VALUES:
            skip = word
        elif word.startswith("-o="):
            output = word[3:]
        elif word.startswith("-ldflags=") and "-X" in word:
            not_carried.append(
                NotCarried("-ldflags -X sets variables of the program", "read them from an embedded file, or from the environment")
            )
        elif not word.startswith("-"):
            package = word
    return Build(ecosystem="go", manifests=("go.mod",), outputs=(output or ".",), package=package, not_carried=tuple(not_carried))


def _rust(words: Sequence[str]) -> Action:
    binary = next((words[index + 1] for index, word in enumerate(words[:-1]) if word == "--bin"), "")
    not_carried = [
        NotCarried(f"{word} of cargo has no field in the step", "set it in Cargo.toml, or build with a command step")
        for word in words
        if word.partition("=")[0] in ("--features", "-F", "--all-features", "--no-default-features", "--profile")
    ]
    return Build(ecosystem="rust", manifests=("Cargo.toml",), outputs=("target",), binary=binary or None, not_carried=tuple(not_carried))


_DOTNET_VALUES = frozenset(["-a", "--arch", "-c", "--configuration", "-f", "--framework", "-farch", "--function-architecture", "--manifest", "--msbuild-parameters", "-o", "--os", "--output", "--output-package", "-r", "--runtime", "-s", "--source", "-v", "--verbosity", "--version-suffix"])  # fmt: skip
"""Options with a value: https://learn.microsoft.com/dotnet/core/tools/dotnet-publish"""


def _dotnet(words: Sequence[str]) -> Action:
    project, output, skip = "", "", ""
    for word in words[2:]:
        if skip:
            output = word if skip in ("-o", "--output", "--output-package") else output
            skip = ""
        elif word in _DOTNET_VALUES:
            skip = word
        elif word.startswith("--output="):
            output = word.partition("=")[2]
        elif not word.startswith(("-", "/")) and word not in ("package", "build", "publish", "true", "false"):
            project = word
    lost = [word for word in words if re.match(r"(?:-p|/p|-property|--property):", word)]
    if any(word in ("--self-contained", "--sc") and following != "false" for word, following in zip(words, [*words[1:], ""], strict=True)):
        lost.append("--self-contained")
    return Build(
        ecosystem="dotnet",
        not_carried=tuple(NotCarried(f"{word} is not passed on", "set the property in the project file") for word in lost),
        manifests=(project,) if project else (),
        outputs=(output,) if output else ("bin",),
    )
