"""The architecture that a Dockerfile is for, as its builds say it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from optimizer.bases.recognise import image_reference
from optimizer.model.architectures import meant_architecture

_WORD = re.compile(r"(?<![A-Za-z0-9])(?:aarch64|arm64|x86[-_]64|amd64|x64)(?![A-Za-z0-9])", re.IGNORECASE)

_OPTIONS: dict[str, tuple[str, ...]] = {
    # https://doc.rust-lang.org/cargo/commands/cargo-build.html and https://www.cargo-lambda.info/commands/build.html
    "cargo": ("--target",),
    "cross": ("--target",),
    # https://learn.microsoft.com/dotnet/core/tools/dotnet-publish and https://github.com/aws/aws-extensions-for-dotnet-cli
    "dotnet": ("-r", "--runtime", "-a", "--arch", "-farch", "--function-architecture", "--msbuild-parameters"),
    # https://pip.pypa.io/en/stable/cli/pip_install/ and https://docs.astral.sh/uv/reference/cli/#uv-pip-install
    "pip": ("--platform",),
    "pip3": ("--platform",),
    "python": ("--platform",),
    "python3": ("--platform",),
    "uv": ("--python-platform",),
    # https://docs.npmjs.com/cli/using-npm/config#cpu
    "npm": ("--cpu", "--arch"),
    "pnpm": ("--cpu",),
}
_FLAGS = {"--arm64": "arm64", "--x86-64": "x86_64"}
"""Of cargo lambda."""

_VARIABLES = {"go": ("GOARCH",), "cargo": ("CARGO_BUILD_TARGET",), "npm": ("npm_config_cpu", "npm_config_arch", "NPM_CONFIG_CPU")}
_OF_DOCKER_HUB = {"amd64": "x86_64", "arm64v8": "arm64"}
"""Accounts of Docker Hub whose images are for one architecture: https://github.com/docker-library/official-images#architectures-other-than-amd64"""


def built_for(words: Sequence[str], text: str, value_of: Callable[[str], str | None]) -> str | None:
    """Lambda's word for the architecture that a command builds or installs for; None where it does not say.

    ``text`` is that of the instruction up to the command, which may set
    variables for it, and ``value_of`` gives the value of a text with variables.
    """
    program = words[0].rpartition("/")[2]
    if program == "cargo" and (flag := next((word for word in words if word in _FLAGS), None)):
        return _FLAGS[flag]
    for value in _values(words, _OPTIONS.get(program, ())):
        if found := named(value):
            return found
    for name in _VARIABLES.get(program, ()):
        assigned = re.findall(rf"(?<![\w$]){name}=\"?([^\s\";&|]+)", text)
        if found := named((value_of(assigned[-1]) if assigned else value_of(f"${{{name}}}")) or ""):
            return found
    return None


def named(text: str) -> str | None:
    """The architecture that a platform, a target triple or a tag names; None where it names none, or several."""
    words = {meant_architecture(match[0].replace("-", "_")) for match in _WORD.finditer(text)}
    return words.pop() if len(words) == 1 else None


def of_image(image: str) -> str | None:
    """The architecture that an image is for by its name: ``arm64v8/node:22``, ``build-python3.13:latest-arm64``."""
    reference = image_reference(image)
    if reference is None:
        return None
    account = reference.repository.partition("/")[0]
    return _OF_DOCKER_HUB.get(account) or named(reference.tag or "")


def _values(words: Sequence[str], options: Sequence[str]) -> Iterator[str]:
    for index, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name in options:
            yield value if equals else words[index + 1] if index + 1 < len(words) else ""
