"""What SAM's configuration file says of images: where they are pushed, and the parameters they are built with.

Source: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

DEFAULT_ENVIRONMENT = "default"
_PUSHES = ("global", "package", "deploy")
"""Whose options decide where images go, the last wins."""

_BUILDS = ("global", "build")
"""Whose options decide what is built, the last wins."""

_VALUE = r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?:\\.|[^ "\\])+)"""
_PAIRS = (
    re.compile(r"""ParameterKey=([A-Za-z0-9"']+),ParameterValue=""" + _VALUE),
    re.compile(r""" ([A-Za-z0-9"']+)=""" + _VALUE),
)
"""The two ways to write parameters in a text; SAM reads the whole text in the first way that fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRepositories:
    """The repositories of a template's functions.

    ``common`` is the image URI for all of them, ``named`` those by logical id;
    ``resolved`` says that SAM makes one for each function.
    """

    common: str | None = None
    named: Mapping[str, str] = field(default_factory=dict)
    resolved: bool = False

    def of(self, logical_id: str) -> str | None:
        """The repository of a function, without registry and tag as far as it has them; None where the file does not set it."""
        if logical_id not in self.named and self.resolved:
            return f"companion stack/{logical_id}"
        uri = self.uri_of(logical_id)
        return (uri.partition("/")[2] or uri) if uri is not None else None

    def uri_of(self, logical_id: str) -> str | None:
        """The image URI of a function's repository; None where the file does not set it, or SAM makes one."""
        if logical_id in self.named:
            return self.named[logical_id]
        return None if self.resolved else self.common


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterOverrides:
    """The values of a template's parameters; ``complete`` is False where a file, which nobody here reads, or what is no pair may give more."""

    values: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True


def uses_buildkit(config: Mapping[str, Any], environment: str = DEFAULT_ENVIRONMENT) -> bool:
    """Whether ``sam build`` builds with BuildKit, and not with the engine's classic builder, which is SAM CLI's default."""
    return _is_true(_options(config, environment, _BUILDS).get("use_buildkit"))


def image_repositories(config: Mapping[str, Any], environment: str = DEFAULT_ENVIRONMENT) -> ImageRepositories:
    """What a configuration, as plain data, says for an environment; a value of another kind is ignored."""
    options = _options(config, environment, _PUSHES)
    common, several = options.get("image_repository"), options.get("image_repositories")
    pairs = [item.partition("=") for item in several if isinstance(item, str)] if isinstance(several, list) else []
    return ImageRepositories(
        common=common if isinstance(common, str) and common else None,
        named={name: uri for name, equals, uri in pairs if equals},
        resolved=_is_true(options.get("resolve_image_repos")),
    )


def deployed_region(config: Mapping[str, Any], environment: str = DEFAULT_ENVIRONMENT) -> str | None:
    """The Region that ``sam deploy`` deploys to for an environment; None where the configuration leaves it to the caller."""
    region = _options(config, environment, ("global", "deploy")).get("region")
    return region if isinstance(region, str) and region else None


def base_directory(config: Mapping[str, Any], environment: str = DEFAULT_ENVIRONMENT) -> str | None:
    """The directory, relative to where SAM CLI is called, at which ``sam build`` lets the paths of build contexts start; None for the template's."""
    base = _options(config, environment, _BUILDS).get("base_dir")
    return base if isinstance(base, str) and base else None


def templates(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The templates that the environments name for ``sam build``, relative to where SAM CLI is called."""
    options = [_options(config, environment, _BUILDS) for environment in config]
    return tuple(value for each in options for key in ("template_file", "template") if isinstance(value := each.get(key), str))


def parameter_overrides(config: Mapping[str, Any], environment: str = DEFAULT_ENVIRONMENT) -> ParameterOverrides:
    """The parameters that ``sam build`` takes for an environment; what is no pair is not ``complete``.

    Source: CfnParameterOverridesType in samcli/cli/types.py of https://github.com/aws/aws-sam-cli
    """
    values: dict[str, str] = {}
    complete = True
    for item in _flat(_options(config, environment, _BUILDS).get("parameter_overrides")):
        if isinstance(item, Mapping):
            complete = complete and "$include" not in item
            values.update({str(name): _shown(value) for name, value in item.items() if name != "$include"})
        elif isinstance(item, str) and item.startswith("file://"):
            complete = False
        elif isinstance(item, str):
            found = next(filter(None, (pattern.findall(f" {item.strip()}") for pattern in _PAIRS)), [])
            complete = complete and bool(found or not item.strip())
            values.update({_unquoted(name): _unquoted(value) for name, value in found})
        elif item is not None:
            complete = False
    return ParameterOverrides(values=values, complete=complete)


def _options(config: Mapping[str, Any], environment: str, commands: tuple[str, ...]) -> Mapping[str, Any]:
    options: dict[str, Any] = {}
    for command in commands:
        table: Any = config
        for key in (environment, command, "parameters"):
            table = table.get(key) if isinstance(table, Mapping) else None
        if isinstance(table, Mapping):
            options.update(table)
    return options


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def _is_true(value: Any) -> bool:
    return str(value).lower() == "true"


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(str(item).strip() for item in value if item not in (None, ""))
    return str(value)


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return text.replace("\\ ", " ").replace('\\"', '"').replace("\\'", "'")
