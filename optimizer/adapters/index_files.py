"""The place of an index in an assembly: a directory that names the build contexts of its images, one for each platform.

A container engine builds one image at a time, and its push would give the name
of the index to that one for ever.  So the Dockerfile of such a directory
builds nothing, and says what does.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from optimizer.adapters.files import replace_file
from optimizer.errors import ContextError
from optimizer.model.build import BuildOptions

INDEX_FILE = "optimizer-index.json"
"""The file of the directory that names the build contexts."""

_VERSION = 1
_DOCKERFILE = """\
# {digest}
# This image is an index of several platforms, which no engine builds and pushes in this way.
# Run `optimizer publish` on the assembly before cdk deploy, or deploy with CDK_DOCKER=optimizer-docker.
FROM scratch
COPY run-optimizer-publish-before-cdk-deploy-or-set-CDK_DOCKER-to-optimizer-docker /
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformContext:
    """The build context of one image of an index; ``digest`` names it, and ``secrets`` are the sources of its build secrets by id."""

    platform: str
    digest: str
    secrets: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def directory_name(self) -> str:
        """The name of the context's directory, beside that of the index."""
        return f"asset.{self.digest}"

    @property
    def options(self) -> BuildOptions:
        """How an engine builds the image alone."""
        return BuildOptions(platform=self.platform, secrets=self.secrets)


def index_digest(contexts: Sequence[PlatformContext]) -> str:
    """A digest over the content of all images: 64 hexadecimal digits."""
    values = [[context.platform, context.digest] for context in _sorted(contexts)]
    return hashlib.sha256(json.dumps(["index", _VERSION, values]).encode("ascii")).hexdigest()


def image_tag(index_tag: str, index: str, image: str) -> str:
    """The tag of one image beside that of its index, of the digests of both: as CDK would call the image by itself.

    It follows from the content, so that an image that is there is the one that is wanted.
    """
    prefix = index_tag.removesuffix(index) if index_tag.endswith(index) else ""
    return f"{prefix}{image}"


def write_index(parent: str | Path, contexts: Sequence[PlatformContext]) -> Path:
    """Write the directory of an index to ``<parent>/asset.<digest>``, beside the contexts; gives the directory.

    Raises :class:`ContextError` where it cannot be written.
    """
    digest = index_digest(contexts)
    directory = Path(parent) / f"asset.{digest}"
    platforms = [{"platform": each.platform, "context": each.digest, "secrets": dict(each.secrets)} for each in _sorted(contexts)]
    text = json.dumps({"version": _VERSION, "platforms": platforms}, indent=1) + "\n"
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ContextError(f'"{directory}" cannot be written: {error.strerror}', str(directory), "check the directory") from None
    for path, content in ((directory / INDEX_FILE, text), (directory / "Dockerfile", _DOCKERFILE.format(digest=digest))):
        if not _holds(path, content):
            replace_file(path, content, "the index of an image", ContextError, durable=False)
    return directory


def read_index(directory: Path) -> tuple[PlatformContext, ...]:
    """The build contexts of the images of an index, sorted by platform; none for the build context of an image.

    Raises :class:`ContextError` for an index that cannot be read.
    """
    path = directory / INDEX_FILE
    if not path.is_file():
        return ()
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["version"] != _VERSION:
            raise ValueError(f"version {document['version']!r}")
        found = [
            PlatformContext(platform=str(item["platform"]), digest=_name(item["context"]), secrets=dict(item["secrets"]))
            for item in document["platforms"]
        ]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ContextError(f'"{path}" is no index of images: {error}', str(path), "run cdk synth again") from None
    return tuple(found)


def context_directory(index: Path, context: PlatformContext) -> Path:
    """The build context of one image of the index in a directory."""
    return Path(os.path.normpath(index.parent / context.directory_name))


def _name(digest: object) -> str:
    text = str(digest)
    if not text.isalnum():
        raise ValueError(f"the context {text!r}")
    return text


def _sorted(contexts: Sequence[PlatformContext]) -> list[PlatformContext]:
    return sorted(contexts, key=lambda context: context.platform)


def _holds(path: Path, content: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == content
    except (OSError, UnicodeDecodeError):
        return False
