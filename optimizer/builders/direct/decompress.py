"""Layers that somebody else compressed, checked while they are passed on."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator

from optimizer.errors import ImageError

_PIECE = 1 << 20


def checked(chunks: Iterable[bytes], diff_id: str, place: str) -> Iterator[bytes]:
    """The chunks of a layer compressed by gzip, as they are.

    Raises :class:`ImageError` at the end, or earlier, unless they unpack to
    the digest ``diff_id``; ``place`` is where they come from.
    """
    plain = hashlib.sha256()
    member = _member()
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                plain.update(member.decompress(rest, _PIECE))
                rest = member.unconsumed_tail
                if member.eof:
                    rest, member = member.unused_data, _member()
            yield chunk
    except zlib.error as error:
        raise _wrong(diff_id, place, str(error)) from None
    if f"sha256:{plain.hexdigest()}" != diff_id:
        raise _wrong(diff_id, place, "it unpacks to something else")


def skipped(chunks: Iterable[bytes], count: int) -> Iterator[bytes]:
    """The chunks without their first bytes."""
    for chunk in chunks:
        if count < len(chunk):
            yield chunk[count:] if count else chunk
        count = max(0, count - len(chunk))


def _member() -> zlib._Decompress:
    return zlib.decompressobj(16 + zlib.MAX_WBITS)


def _wrong(diff_id: str, place: str, what: str) -> ImageError:
    return ImageError(
        f'a layer in "{place}" is not what its annotation says ({diff_id[:19]}): {what}', place, "remove that image, and publish it again"
    )
