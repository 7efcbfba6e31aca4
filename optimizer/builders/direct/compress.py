"""Layers compressed to the same bytes on every machine, on all of its processors.

A gzip stream may consist of members, each of which is whole in itself.  One
member for each MiB of a layer can be compressed beside the others, and its
bytes depend on nothing but that MiB: not on how the input is cut, not on the
processor, and not on a zlib of the operating system, in whose place some have
zlib-ng, with other bytes.
Source: https://www.rfc-editor.org/rfc/rfc1952#page-5
"""

from __future__ import annotations

import hashlib
import os
import struct
import threading
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import BinaryIO

_MEMBER = 1 << 20
# Two megabytes in a hundred smaller than level 2, and a tenth faster than level 4; neither depends on how the input is cut.
_LEVEL = 3
# A layer of less than one member is what a change of code or of one package pushes: a twentieth smaller, for some hundredths of a second.
_LEVEL_OF_SMALL = 9
# No name, no time, and an unknown system, whatever this one is.
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_WORKERS = 8
_AHEAD = threading.BoundedSemaphore(8)
"""Members that may wait to be written besides the next one of each layer: many layers are compressed at once, and memory is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compressed:
    """A layer that was compressed: ``diff_id`` is the digest of what it unpacks to, ``digest`` its own, ``size`` its bytes."""

    diff_id: str
    digest: str
    size: int


def compress(chunks: Iterable[bytes], target: BinaryIO) -> Compressed:
    """Compress a layer into a file; equal layers give equal bytes, however they are cut into chunks."""
    plain, packed, size = hashlib.sha256(), hashlib.sha256(), 0
    with ThreadPoolExecutor(max_workers=min(_WORKERS, os.cpu_count() or 1), thread_name_prefix="compress") as pool:
        for member in _members(chunks, plain, pool):
            packed.update(member)
            size += len(member)
            target.write(member)
    return Compressed(diff_id=f"sha256:{plain.hexdigest()}", digest=f"sha256:{packed.hexdigest()}", size=size)


def _members(chunks: Iterable[bytes], plain: hashlib._Hash, pool: ThreadPoolExecutor) -> Iterator[bytes]:
    waiting: deque[Future[bytes]] = deque()
    ahead = 0
    try:
        for number, block in enumerate(_blocks(chunks)):
            level = _LEVEL_OF_SMALL if number == 0 and len(block) < _MEMBER else _LEVEL
            plain.update(block)
            while waiting:
                if _AHEAD.acquire(blocking=False):
                    ahead += 1
                    break
                yield waiting.popleft().result()
                if ahead:
                    ahead -= 1
                    _AHEAD.release()
            waiting.append(pool.submit(_member, block, level))
        while waiting:
            yield waiting.popleft().result()
    finally:
        for _ in range(ahead):
            _AHEAD.release()


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of one MiB, the last one shorter."""
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        while len(buffer) >= _MEMBER:
            yield bytes(buffer[:_MEMBER])
            del buffer[:_MEMBER]
    if buffer:
        yield bytes(buffer)


def _member(block: bytes, level: int) -> bytes:
    # Imported here: a command that compresses nothing does not wait for it.
    from zlib_ng import zlib_ng

    compressor = zlib_ng.compressobj(level, zlib_ng.DEFLATED, -zlib_ng.MAX_WBITS)
    trailer = struct.pack("<II", zlib.crc32(block), len(block))
    return b"".join((_HEADER, compressor.compress(block), compressor.flush(), trailer))
