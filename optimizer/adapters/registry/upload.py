"""The upload of one blob, which goes on where its connection broke, as far as the registry allows.

A blob is sent in one request, as every registry takes it.  Only when that
breaks, the registry is asked how much it has, and gets the rest; what has to
begin again is sent in parts then, of which each is acknowledged.  Registries
check the digest at the end, so a part that they took for another one costs
another upload, and is never stored.

What registries do with an upload that broke off differs:

- docker-registry 2.8 keeps it only if it broke between two parts, and knows
  it no more otherwise (404).
- Amazon ECR does not answer how much it has (404), and says in ``Range`` how
  long the first part was, whatever came after it.  It refuses a wrong first
  byte (416), and names the right one in the text of that answer.  Parts but
  the last have at least 5 MiB, and are answered by 201.

Sources: https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#pushing-a-blob-in-chunks,
https://github.com/aws/containers-roadmap/issues/2831, https://github.com/dotnet/sdk/pull/33019 and
https://github.com/apple/containerization/issues/790.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from optimizer.adapters.registry.exchange import Exchange
from optimizer.adapters.registry.messages import ASK_OWNER, ATTEMPTS
from optimizer.adapters.registry.transport import BrokenConnection, Response
from optimizer.errors import RegistryError

PART = 32 << 20
"""Bytes of a part: more than the 5 MiB that ECR wants of each, and few enough to be sent again."""

_PATIENCE_S = 300
"""A registry may copy a blob of some gigabytes, and read all of it, before it answers."""

_GUESSES = 2

_STREAM = {"Content-Type": "application/octet-stream"}
# What ECR says with 416; no header of its does.
_WANTED = re.compile(rb"First byte of the layer part is \d+ instead of (\d+)")


class Upload:
    """A blob on its way; ``content`` gives its bytes from one of them on, and ``what`` names it in errors."""

    def __init__(self, exchange: Exchange, digest: str, size: int, content: Callable[[int], Iterable[bytes]], what: str) -> None:
        self._exchange = exchange
        self._digest = digest
        self._size = size
        self._source = _Source(content, what)
        self._what = what
        self._location = ""
        self._done = 0
        """The bytes that the registry has acknowledged."""
        self._part = PART
        self._in_parts = False
        self._takes_parts = size > PART
        self._furthest = 0
        """The most bytes that the registry has acknowledged, of this upload or of one that had to begin again."""
        self._corrections = 0
        """How often the registry has named another place to go on, none of them further than all before."""
        self._guesses = 0
        """How many requests were begun without knowing that the registry has what it acknowledged, and no more."""

    def run(self) -> None:
        """Upload the blob.  Raises RegistryError; the repository then has it whole or not at all."""
        failures, furthest = 0, 0
        self._begin()
        while True:
            error = BrokenConnection("it does not go on with the upload")
            done, guessed = self._done, self._guesses
            try:
                if self._sent():
                    return
                goes_on = False
            except BrokenConnection as broken:
                error, goes_on = broken, self._takes_parts
            # A guess that was wrong may end in an answer or in a broken connection, and is no failure of its own.
            if not guessed or self._done != done:
                failures = 1 if self._furthest > furthest else failures + 1
                furthest = self._furthest
                if failures >= ATTEMPTS:
                    raise self._exchange.failed(error, self._what)
                if error.answer is None:
                    self._exchange.pause(failures)
                if self._is_there():
                    return
            if not goes_on or not self._goes_on():
                self._begin()
            self._in_parts = self._takes_parts

    def _is_there(self) -> bool:
        """Whether all was stored, and only the answer was lost."""
        return self._exchange.send("HEAD", f"blobs/{self._digest}", self._what, (200, 404)).status == 200

    def _goes_on(self) -> bool:
        """Whether the registry may go on with the upload that broke."""
        found = self._asked()
        if found is not None:
            self._acknowledge(found)
            return True
        # What it does not say, the next part tells; once more where the answer to it was lost, as that to a part which
        # is refused before all of it came often is.
        self._guesses += 1
        return self._guesses <= _GUESSES

    def _acknowledge(self, done: int) -> None:
        if done > self._furthest:
            self._furthest, self._corrections = done, 0
        self._done, self._guesses = done, 0

    def _begin(self) -> None:
        answer = self._exchange.send("POST", "blobs/uploads/", self._what, (202,), {"Content-Length": "0"})
        self._location, self._done, self._corrections, self._guesses = answer.headers.get("Location", ""), 0, 0, 0
        if not self._location:
            raise RegistryError(f"the registry names no address to upload {self._what} to", hint=ASK_OWNER)
        least = answer.headers.get("OCI-Chunk-Min-Length", "")
        self._part = max(PART, int(least)) if re.fullmatch(r"\d{1,12}", least) else PART

    def _sent(self) -> bool:
        """Send what is left; false where the registry does not go on with this upload."""
        while self._in_parts and self._done < self._size:
            end = min(self._size, self._done + self._part)
            answer = self._send("PATCH", self._location, self._done, end, {"Content-Range": f"{self._done}-{end - 1}"})
            if answer.status in (201, 202):
                self._location = answer.headers.get("Location") or self._location
                self._acknowledge(end)
            elif (wanted := self._wanted(answer)) is not None:
                self._acknowledge(wanted)
            else:
                # A registry that takes not even the first part of a new upload gets the blob whole.
                self._takes_parts = self._done > 0 or self._guesses > 0
                return False
        separator = "&" if "?" in self._location else "?"
        answer = self._send("PUT", f"{self._location}{separator}digest={self._digest}", self._done, self._size, {})
        if answer.status != 201 and not self._in_parts:
            raise self._exchange.refused(answer, self._what)
        self._takes_parts = False
        return answer.status == 201

    def _send(self, method: str, target: str, start: int, end: int, headers: dict[str, str]) -> Response:
        given = {**_STREAM, "Content-Length": str(end - start), **headers}
        return self._exchange.send_once(method, target, given, lambda: self._source.part(start, end), _PATIENCE_S)

    def _wanted(self, answer: Response) -> int | None:
        """Where the registry wants to go on, if it refused a part because it begins somewhere else."""
        if answer.status != 416 or self._corrections == ATTEMPTS:
            return None
        self._corrections += 1
        told = _WANTED.search(answer.body)
        place = int(told[1]) if told else self._asked()
        return place if place is not None and place != self._done and place <= self._size else None

    def _asked(self) -> int | None:
        """How many bytes the registry says that it has; None where it does not say."""
        try:
            answer = self._exchange.send_once("GET", self._location, {})
        except BrokenConnection:
            return None
        found = re.fullmatch(r"(?:bytes=)?0-(\d{1,15})", answer.headers.get("Range", "")) if answer.status == 204 else None
        if found is None or int(found[1]) >= self._size:
            return None
        self._location = answer.headers.get("Location") or self._location
        # Some say 0-0 where they have nothing.
        return int(found[1]) + 1 if int(found[1]) else 0


class _Source:
    """The bytes of a blob from any place on, read on where it can be."""

    def __init__(self, content: Callable[[int], Iterable[bytes]], what: str) -> None:
        self._content = content
        self._what = what
        self._chunks: Iterator[bytes] = iter(())
        self._rest = b""
        self._position = -1

    def part(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from ``start`` to ``end``; the last ones of the blob only after ``content`` has found it to be right."""
        if start != self._position:
            self._chunks, self._rest, self._position = _one_behind(self._content(start)), b"", start
        while self._position < end:
            self._rest = self._rest or next(self._chunks, b"")
            if not self._rest:
                raise RegistryError(f"{self._what} became shorter while it was sent", hint="run the command again")
            piece = self._rest[: end - self._position]
            self._rest = self._rest[len(piece) :]
            self._position += len(piece)
            yield piece


def _one_behind(chunks: Iterable[bytes]) -> Iterator[bytes]:
    before = b""
    for chunk in chunks:
        if before:
            yield before
        before = chunk
    yield before
