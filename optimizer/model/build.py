"""How an image is built: the options of ``docker build``, as CDK keeps them of an image asset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from optimizer.model.cache import CacheOption


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """The options of one build, all optional; unset means that the builder's own default holds.

    ``dockerfile`` is a path below the build context.  ``arguments`` are build
    arguments by name, ``contexts`` named build contexts, ``secrets`` the
    sources of build secrets by id, such as ``env=TOKEN`` or
    ``type=file,src=/run/token``.
    """

    dockerfile: str = "Dockerfile"
    platform: str | None = None
    target: str | None = None
    network: str | None = None
    ssh: str | None = None
    no_cache: bool = False
    arguments: Mapping[str, str] = field(default_factory=dict, hash=False)
    contexts: Mapping[str, str] = field(default_factory=dict, hash=False)
    secrets: Mapping[str, str] = field(default_factory=dict, hash=False)
    cache_from: tuple[CacheOption, ...] = ()
    cache_to: CacheOption | None = None
