"""Resolves and reads images over HTTP."""

from __future__ import annotations

import datetime
import io
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from optimizer.adapters.registry.blob import BlobStream
from optimizer.adapters.registry.exchange import Exchange
from optimizer.adapters.registry.login import Anonymous, Credentials
from optimizer.adapters.registry.manifests import (
    architecture_of_config,
    config_digest,
    parse_manifest,
    platforms_of_index,
    verified_digest,
)
from optimizer.adapters.registry.media_types import INDEX_TYPES, MANIFEST_TYPES
from optimizer.adapters.registry.repository import Repository, fetch_blob
from optimizer.adapters.registry.session import Session
from optimizer.adapters.registry.transport import Transport
from optimizer.errors import RegistryError
from optimizer.model.reference import ImageReference

_ACCEPT = ", ".join(INDEX_TYPES + MANIFEST_TYPES)
_BLOB_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedImage:
    """What a reference points at now.

    ``kind`` is ``index`` or ``manifest``, ``digest`` that thing's own digest;
    ``platforms`` maps the OCI architectures that Lambda runs (``amd64``,
    ``arm64``) to manifest digests and is never empty.
    """

    digest: str
    kind: str
    platforms: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedManifest:
    """A manifest or an index as the registry has it; ``digest`` is that of ``body``."""

    media_type: str
    digest: str
    body: bytes


class Registry(Protocol):
    """Where references are resolved."""

    def resolve(self, reference: ImageReference) -> ResolvedImage:
        """What the reference's tag, or its digest when it has one, points at.

        Asks the network.  Raises RegistryError.
        """
        ...


class HttpRegistry:
    """Every registry that speaks the distribution protocol over HTTP.

    Plain HTTP is spoken to ``127.0.0.1`` and ``localhost`` alone.  Answers 429
    and 5xx and failing connections are tried again, five times in all, no sooner
    than ``Retry-After`` says; a registry that wants more than 60 seconds is
    not waited for.  Keeps tokens and connections between calls; use it as a
    context manager, from as many threads as you like.  ``sleep`` takes seconds, ``now`` gives an
    aware time.
    """

    def __init__(
        self,
        credentials: Credentials | None = None,
        *,
        sleep: Callable[[float], object] | None = None,
        now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(datetime.timezone.utc),
    ) -> None:
        self._hurried = threading.Event()
        self._transport = Transport(sleep or self._hurried.wait, now)
        self._session = Session(self._transport, credentials or Anonymous())

    def __enter__(self) -> HttpRegistry:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def hurry(self) -> None:
        """Wait for no busy registry any more: what still runs in other threads is of no use, and shall end."""
        self._hurried.set()

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        self._transport.close()

    def resolve(self, reference: ImageReference) -> ResolvedImage:
        """What the reference points at now, digests verified against the content."""
        if reference.tag is None and reference.digest is None:
            raise RegistryError(
                f'"{reference}" has neither a tag nor a digest',
                hint=f'name the tag, for example "{reference}:latest"',
            )
        exchange = self._exchange(reference)
        response = exchange.get(f"manifests/{reference.digest or reference.tag}", _ACCEPT)
        digest = verified_digest(response, reference.digest, exchange.subject)
        media_type, document = parse_manifest(response, exchange.subject)
        if media_type in INDEX_TYPES:
            return ResolvedImage(digest=digest, kind="index", platforms=platforms_of_index(document, exchange.subject))
        config = fetch_blob(exchange, config_digest(document, exchange.subject))
        return ResolvedImage(digest=digest, kind="manifest", platforms={architecture_of_config(config, exchange.subject): digest})

    def fetch_manifest(self, reference: ImageReference) -> FetchedManifest:
        """The manifest or index that the reference points at now, verified against its digest."""
        exchange = self._exchange(reference)
        response = exchange.get(f"manifests/{reference.digest or reference.tag or 'latest'}", _ACCEPT)
        digest = verified_digest(response, reference.digest, exchange.subject)
        media_type, _ = parse_manifest(response, exchange.subject)
        return FetchedManifest(media_type=media_type, digest=digest, body=response.body)

    def fetch_blob(self, reference: ImageReference, digest: str) -> bytes:
        """A small blob of the reference's repository, such as a configuration, verified against its digest."""
        return fetch_blob(self._exchange(reference), digest).body

    def open_blob(self, reference: ImageReference, digest: str, size_bytes: int) -> BinaryIO:
        """A blob of any size, as a stream that is never kept whole.

        A connection that breaks is taken up where it broke.  Reading to the
        end raises RegistryError unless the content has the size and the
        digest.
        """
        return io.BufferedReader(BlobStream(self._exchange(reference), digest, size_bytes), _BLOB_CHUNK)

    def blob_chunks(self, reference: ImageReference, digest: str, size_bytes: int, start: int = 0) -> Iterator[bytes]:
        """The bytes of such a blob, in pieces of at most one MiB; raises as :meth:`open_blob` does.

        From another byte ``start`` than the first on, the digest is not checked.
        """
        with BlobStream(self._exchange(reference), digest, size_bytes, start) as raw, io.BufferedReader(raw, _BLOB_CHUNK) as stream:
            while chunk := stream.read(_BLOB_CHUNK):
                yield chunk

    def repository(self, reference: ImageReference, *, push: bool = True) -> Repository:
        """The reference's repository; without ``push`` only to be read, for which less has to be allowed."""
        actions = "pull,push" if push else "pull"
        return Repository(lambda also: Exchange(self._transport, self._session, reference, actions, also), reference)

    def _exchange(self, reference: ImageReference) -> Exchange:
        return Exchange(self._transport, self._session, reference)
