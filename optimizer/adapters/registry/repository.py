"""Reads and writes one repository: manifests, and blobs that are there, are mounted, or are uploaded.

Source: https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#push
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable

from optimizer.adapters.registry.exchange import Exchange
from optimizer.adapters.registry.manifests import parse_manifest, verified_digest
from optimizer.adapters.registry.media_types import INDEX_TYPES, MANIFEST_TYPES
from optimizer.adapters.registry.transport import BrokenConnection, Response
from optimizer.adapters.registry.upload import Upload
from optimizer.errors import RegistryError, UnknownImageError
from optimizer.model.reference import ImageReference

_ACCEPT = ", ".join(INDEX_TYPES + MANIFEST_TYPES)
# ECR refuses a tag that an immutable repository has with 400, other registries with 405 or 409.
_TAKEN = (400, 403, 405, 409)


class Repository:
    """One repository, for pushing; may be used from several threads."""

    def __init__(self, exchange: Callable[[Iterable[str]], Exchange], reference: ImageReference) -> None:
        self._exchange = exchange(())
        self._exchange_for = exchange
        self.reference = reference

    def manifest(self, tag: str) -> tuple[str, str, bytes] | None:
        """Media type, digest and bytes of the manifest or index of a tag or digest; None where there is none.

        Raises RegistryError.
        """
        try:
            answer = self._exchange.get(f"manifests/{tag}", _ACCEPT)
        except UnknownImageError:
            return None
        wanted = tag if tag.startswith("sha256:") else None
        digest = verified_digest(answer, wanted, f"{self.reference.name}:{tag}")
        media_type, _ = parse_manifest(answer, f"{self.reference.name}:{tag}")
        return media_type, digest, answer.body

    def has_manifest(self, tag: str) -> bool:
        """Whether there is a manifest or an index of that tag or digest."""
        return self.media_type(tag) is not None

    def media_type(self, tag: str) -> str | None:
        """The media type of the manifest or index of that tag or digest; None where there is none, empty where the registry does not say."""
        answer = self._exchange.send("HEAD", f"manifests/{tag}", f'"{self.reference.name}:{tag}"', (200, 404), {"Accept": _ACCEPT})
        return answer.headers.get("Content-Type", "").partition(";")[0].strip() if answer.status == 200 else None

    def blob(self, digest: str) -> bytes:
        """A small blob, such as a configuration, verified against its digest.

        Raises RegistryError.
        """
        return fetch_blob(self._exchange, digest).body

    def has_blob(self, digest: str) -> bool:
        """Whether there is a blob of that digest."""
        return self._exchange.send("HEAD", f"blobs/{digest}", self._blob(digest), (200, 404)).status == 200

    def mount(self, digest: str, repository: str) -> bool:
        """Take a blob from another repository of the registry; false where the registry does not do that."""
        exchange = self._exchange_for((repository,))
        answer = exchange.send("POST", f"blobs/uploads/?mount={digest}&from={repository}", self._blob(digest), (201, 202))
        if answer.status == 202 and (location := answer.headers.get("Location")):
            # The registry began an upload in place of it, which nobody will go on with.  Where it does not let us
            # end it, as registries that want another scope for that, it forgets the upload by itself.
            with contextlib.suppress(BrokenConnection, RegistryError):
                exchange.send_once("DELETE", location, {})
        return answer.status == 201

    def upload(self, digest: str, size: int, content: Callable[[int], Iterable[bytes]]) -> None:
        """Upload a blob of that many bytes, which ``content`` gives from one of them on, anew for each call.

        Raises RegistryError; the repository then has the blob whole or not at all.
        """
        Upload(self._exchange, digest, size, content, self._blob(digest)).run()

    def put_manifest(self, tag: str, media_type: str, body: bytes) -> bool:
        """Give a manifest a tag; false where the tag has this very manifest already.

        Raises RegistryError, also where the tag has another manifest and cannot
        be moved.
        """
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        headers = {"Content-Type": media_type, "Content-Length": str(len(body))}
        what = f'the manifest of "{self.reference.name}:{tag}"'
        answer = self._exchange.send("PUT", f"manifests/{tag}", what, (201, *_TAKEN), headers, lambda: (body,))
        if answer.status == 201:
            return True
        # Two runners may push one image at once, and in an immutable repository the second is refused.
        found = self.manifest(tag)
        if found is not None and found[1] == digest:
            return False
        if found is not None:
            raise RegistryError(
                f'"{self.reference.name}:{tag}" is another image ({found[1][:19]}) than the one to push ({digest[:19]}), and its tag cannot be moved',
                hint="synthesize again; if it stays so, the image was pushed by another version of this tool, or by an engine: deploy as it is",
            )
        self._exchange.send("PUT", f"manifests/{tag}", what, (201,), headers, lambda: (body,))
        return True

    def add_tag(self, tag: str, media_type: str, body: bytes) -> None:
        """Give a manifest a tag that no other has; where another was faster, the tag stays with that one.

        Raises RegistryError.
        """
        headers = {"Content-Type": media_type, "Content-Length": str(len(body))}
        what = f'the manifest of "{self.reference.name}:{tag}"'
        answer = self._exchange.send("PUT", f"manifests/{tag}", what, (201, *_TAKEN), headers, lambda: (body,))
        if answer.status != 201 and not self.has_manifest(tag):
            self._exchange.send("PUT", f"manifests/{tag}", what, (201,), headers, lambda: (body,))

    def _blob(self, digest: str) -> str:
        return f'the blob {digest[:19]} of "{self.reference.name}"'


def fetch_blob(exchange: Exchange, digest: str) -> Response:
    """The answer with a small blob, verified against its digest; raises RegistryError."""
    response = exchange.get(f"blobs/{digest}", "*/*")
    verified_digest(response, digest, exchange.subject)
    return response
