"""A blob as a stream that goes on where its connection broke."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from itertools import chain
from typing import Any

from optimizer.adapters.registry.exchange import Exchange
from optimizer.adapters.registry.messages import ATTEMPTS
from optimizer.adapters.registry.transport import BrokenConnection, Stream
from optimizer.errors import WrongContentError

_PROGRESS = 1 << 20
"""After so many bytes, a connection that breaks is counted anew."""


class BlobStream(io.RawIOBase):
    """The bytes of a blob, whose size and digest are checked at the end.

    From another byte ``start`` than the first on, only the size is.
    """

    def __init__(self, exchange: Exchange, digest: str, size_bytes: int, start: int = 0) -> None:
        self._exchange = exchange
        self._digest = digest
        self._size = size_bytes
        self._hash = hashlib.sha256()
        self._start = self._read = start
        self._rest = b""
        self._answer: Stream | None = None
        self._chunks: Iterator[bytes] = iter(())
        self._breaks = 0
        self._broke_at = start

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = self._next()
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        self._hang_up()
        super().close()

    def _next(self) -> bytes:
        """The next bytes; empty at the end of a right blob."""
        while self._read < self._size:
            try:
                if self._answer is None:
                    self._begin()
                chunk = next(self._chunks, b"")
                if not chunk:
                    raise BrokenConnection("the answer ended early")
            except BrokenConnection as error:
                self._resume(error)
                continue
            self._read += len(chunk)
            if self._read - self._broke_at >= _PROGRESS:
                self._breaks = 0
            self._hash.update(chunk)
            if self._read > self._size:
                raise self._wrong(f"more than the {self._size} bytes")
            return chunk
        if not self._start and self._hash.hexdigest() != self._digest.removeprefix("sha256:"):
            raise self._wrong("another content than the digest")
        return b""

    def _begin(self) -> None:
        self._answer = self._exchange.stream(f"blobs/{self._digest}", self._read)
        self._chunks = self._answer.pieces()
        if self._answer.status == 200 and self._read:
            # The registry does not know ranges, and sends from the start.
            skipped = 0
            while skipped < self._read:
                chunk = next(self._chunks, b"")
                if not chunk:
                    raise BrokenConnection("the answer ended early")
                skipped += len(chunk)
                if skipped > self._read:
                    self._chunks = chain([chunk[self._read - skipped :]], self._chunks)

    def _resume(self, error: BrokenConnection) -> None:
        self._hang_up()
        self._breaks += 1
        self._broke_at = self._read
        if self._breaks >= ATTEMPTS:
            raise self._exchange.failed(error) from None
        self._exchange.pause(self._breaks)

    def _hang_up(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None

    def _wrong(self, what: str) -> WrongContentError:
        return WrongContentError(
            f'the blob {self._digest[:19]} of "{self._exchange.subject}" has {what} that its manifest says',
            hint="something between here and the registry changes content: try again, or another network",
        )
