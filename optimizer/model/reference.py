"""Image references: ``registry/repository:tag@digest``."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from optimizer.errors import SpecError

REQUIRED_IMAGES = "lambda-image-optimizer:images"
"""Metadata of a stack in a cloud assembly: the base images of its images, as a list of ``{"image": reference, "platform": "arm64"}``."""

# The pieces follow the grammar of the OCI distribution specification, 1.1
# (https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#pulling-manifests).
_HOST = r"(?:localhost|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]+(?=:\d))(?::\d{1,5})?"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = rf"{_COMPONENT}(?:/{_COMPONENT})*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}"
_DIGEST = r"sha256:[0-9a-f]{64}"
_REFERENCE = re.compile(rf"(?:(?P<registry>{_HOST})/)?(?P<repository>{_REPOSITORY})(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{_DIGEST}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReference:
    """A parsed image reference; ``str()`` gives the text back.

    ``registry`` is a host with an optional port, always present: a short
    Docker Hub name is refused, because what it means depends on the engine's
    configuration.  ``tag`` and ``digest`` are None where the text has none.
    """

    registry: str
    repository: str
    tag: str | None = None
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> ImageReference:
        """Parse ``registry/repository[:tag][@sha256:…]``.

        Raises :class:`SpecError` when the text is not of that form.
        """
        match = _REFERENCE.fullmatch(text)
        if match is None or match["registry"] is None:
            raise SpecError(
                f'"{text}" is not an image reference with a registry; allowed: registry/repository[:tag][@sha256:<64 hex>]',
                hint='name the registry too, for example "public.ecr.aws/lambda/python:3.13"',
            )
        return cls(**match.groupdict())

    @property
    def name(self) -> str:
        """``registry/repository``, without tag and digest."""
        return f"{self.registry}/{self.repository}"

    @property
    def tagged(self) -> str:
        """``registry/repository:tag``, without the digest; the key of a lock entry."""
        return f"{self.name}:{self.tag}" if self.tag else self.name

    def with_digest(self, digest: str | None) -> ImageReference:
        """The same reference with another digest."""
        return replace(self, digest=digest)

    def __str__(self) -> str:
        return f"{self.tagged}@{self.digest}" if self.digest else self.tagged
