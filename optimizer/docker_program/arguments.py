"""The command lines that the CDK CLI gives to docker.

Source: https://github.com/aws/aws-cdk-cli/blob/main/packages/%40aws-cdk/cdk-assets-lib/lib/private/docker.ts
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from optimizer.model.build import BuildOptions
from optimizer.model.cache import CacheOption

_LONG = {"-t": "--tag", "-f": "--file"}
_ONCE = ("--tag", "--target", "--file", "--network", "--platform", "--ssh", "--cache-to")
_PAIRS = ("--build-arg", "--build-context")
_MANY = ("--secret", "--output", "--cache-from", *_PAIRS)
# With another one, the image goes elsewhere than CDK pushes it from.
_OUTPUT = "type=docker"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildCall:
    """One ``docker build``: the name of the image, its build context as it was given, and the options."""

    tag: str
    directory: str
    options: BuildOptions


def parse_build(words: Sequence[str]) -> BuildCall | None:
    """The call of the words after ``build``; None for one that CDK does not make of an image to push."""
    found = _sorted_out(words)
    if found is None or len(found.contexts) != 1 or "--tag" not in found.once:
        return None
    pairs = {name: _pairs(found.many[name]) for name in _PAIRS}
    secrets = _secrets(found.many["--secret"])
    caches = [_cache(text) for text in (*found.many["--cache-from"], *([found.once["--cache-to"]] if "--cache-to" in found.once else []))]
    if None in pairs.values() or secrets is None or None in caches or any(text != _OUTPUT for text in found.many["--output"]):
        return None
    options = [cache for cache in caches if cache is not None]
    cache_to = options.pop() if "--cache-to" in found.once else None
    return BuildCall(
        tag=found.once["--tag"],
        directory=found.contexts[0],
        options=BuildOptions(
            dockerfile=found.once.get("--file", "Dockerfile"),
            platform=found.once.get("--platform"),
            target=found.once.get("--target"),
            network=found.once.get("--network"),
            ssh=found.once.get("--ssh"),
            no_cache=found.no_cache,
            arguments=pairs["--build-arg"] or {},
            contexts=pairs["--build-context"] or {},
            secrets=secrets,
            cache_from=tuple(options),
            cache_to=cache_to,
        ),
    )


@dataclass(slots=True)
class _Words:
    once: dict[str, str] = field(default_factory=dict)
    many: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in _MANY})
    no_cache: bool = False
    contexts: list[str] = field(default_factory=list)


def _sorted_out(words: Sequence[str]) -> _Words | None:
    """The words by option; None where one is unknown, lacks its value, or is given twice."""
    found, rest = _Words(), list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-") or word == "-":
            found.contexts.append(word)
            continue
        if word == "--no-cache":
            found.no_cache = True
            continue
        name, joined, value = word.partition("=")
        name = _LONG.get(name, name)
        if name not in (*_ONCE, *_MANY) or (not joined and not rest) or name in found.once:
            return None
        value = value if joined else rest.pop(0)
        if name in found.many:
            found.many[name].append(value)
        else:
            found.once[name] = value
    return found


def _pairs(texts: Sequence[str]) -> dict[str, str] | None:
    # Without a value, an argument takes that of the environment, which the plan does not know.
    parts = [text.partition("=") for text in texts]
    return {name: value for name, _, value in parts} if all(separator for _, separator, _ in parts) else None


def _secrets(texts: Sequence[str]) -> dict[str, str] | None:
    found = {}
    for text in texts:
        name, _, source = text.partition(",")
        if not name.startswith("id=") or not source:
            return None
        found[name.removeprefix("id=")] = source
    return found


def _cache(text: str) -> CacheOption | None:
    fields = [part.partition("=") for part in text.split(",")]
    if not all(separator for _, separator, _ in fields) or fields[0][0] != "type":
        return None
    return CacheOption(fields[0][2], tuple((name, value) for name, _, value in fields[1:]))


def reference_filter(words: Sequence[str]) -> str | None:
    """The tag that ``images`` asks for by the words after it; None for a question that CDK does not ask.

    CDK asks for ``*/*:TAG``, whose ``*`` finds no repository with a slash in
    its name; meant is the tag in any repository.
    """
    expected = ["--format", "{{.Repository}}:{{.Tag}}", "--filter"]
    start = "reference=*/*:"
    if len(words) != 4 or list(words[:3]) != expected or not words[3].startswith(start):
        return None
    return words[3].removeprefix(start)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginCall:
    """One ``docker login`` with the password on standard input; ``host`` is without scheme and path."""

    username: str
    host: str


def parse_login(words: Sequence[str]) -> LoginCall | None:
    """The call of the words after ``login``; None for one that CDK does not make."""
    if len(words) != 4 or words[0] != "--username" or words[2] != "--password-stdin" or words[3].startswith("-"):
        return None
    return LoginCall(username=words[1], host=words[3].rpartition("://")[2].partition("/")[0])
