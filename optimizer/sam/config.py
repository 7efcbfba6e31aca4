"""Where SAM pushes images, by its configuration file.

Source: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DEFAULT_ENVIRONMENT = "default"
_COMMANDS = ("global", "package", "deploy")
"""Whose parameters decide, the last wins."""


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
        if logical_id in self.named:
            return self.named[logical_id].partition("/")[2] or self.named[logical_id]
        if self.resolved:
            return f"companion stack/{logical_id}"
        return (self.common.partition("/")[2] or self.common) if self.common else None


def image_repositories(config: Mapping[str, Any], environment: str = DEFAULT_ENVIRONMENT) -> ImageRepositories:
    """What a configuration, as plain data, says for an environment; a value of another kind is ignored."""
    parameters: dict[str, Any] = {}
    for command in _COMMANDS:
        table: Any = config
        for key in (environment, command, "parameters"):
            table = table.get(key) if isinstance(table, Mapping) else None
        if isinstance(table, Mapping):
            parameters.update(table)
    common, several = parameters.get("image_repository"), parameters.get("image_repositories")
    pairs = [item.partition("=") for item in several if isinstance(item, str)] if isinstance(several, list) else []
    return ImageRepositories(
        common=common if isinstance(common, str) and common else None,
        named={name: uri for name, equals, uri in pairs if equals},
        # A text in YAML, which is read without types.
        resolved=str(parameters.get("resolve_image_repos")).lower() == "true",
    )
