"""How an image function is declared, in a template or in an app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from optimizer.model.architectures import DEFAULT_ARCHITECTURE


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualifier:
    """A version of a function, or an alias of one, that the same template declares.

    ``provisioned`` says whether it has provisioned concurrency; None where only
    a deployment knows it.
    """

    name: str
    alias: bool
    provisioned: bool | None = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredFunction:
    """What a function sets, for the container that Lambda starts and beside it.

    ``architecture`` is Lambda's default where the function sets none, which
    ``architecture_given`` tells, and None where only a deployment knows it.
    ``command`` and ``entrypoint`` are empty, and ``workdir`` is the empty text,
    where the image decides; each is None where only a deployment knows it.
    ``properties`` are those of the template, by CloudFormation's names or, with
    ``serverless``, by SAM's; what only a deployment knows is still an intrinsic
    function there.  ``qualifiers`` are the function's versions and aliases in
    the same template; SAM makes both for ``AutoPublishAlias``.  ``image_uri``
    is the image's name where the template tells the whole of it, with
    placeholders such as ``${AWS::Region}``, else empty.
    ``provider_architectures`` are those of the capacity provider that the
    function runs on, empty where the template does not tell them.
    """

    architecture: str | None = DEFAULT_ARCHITECTURE
    architecture_given: bool = False
    command: tuple[str, ...] | None = ()
    entrypoint: tuple[str, ...] | None = ()
    workdir: str | None = ""
    properties: Mapping[str, Any] = field(default_factory=dict, hash=False)
    serverless: bool = False
    qualifiers: tuple[Qualifier, ...] = ()
    image_uri: str = ""
    provider_architectures: tuple[str, ...] = ()

    @property
    def handler(self) -> str:
        """The command as one text; empty where the image decides it, or only a deployment knows it."""
        return " ".join(self.command or ())
