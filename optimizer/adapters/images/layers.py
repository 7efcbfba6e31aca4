"""One pass over a layer, however it is stored: decompressed, measured, checked against its digest."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import sys
import zlib
from collections.abc import Collection, Iterator
from typing import Any, BinaryIO

from optimizer.adapters.images.tar import CHUNK, Budget, TarReader, hashed_entries
from optimizer.errors import ImageError
from optimizer.model.image import Entry, ImageSource

MAX_LAYER_BYTES = 20 << 30
"""Where reading a layer stops: Lambda takes 10 GB in all, so a larger one cannot be an image for it."""

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
# 128 MiB, which every decoder has to take at most; a frame may ask for 2 GiB.
# Source: https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1.1.2
_ZSTD_WINDOW_LOG = 27


class LayerPass:
    """One reading of one layer.

    ``compression`` is ``gzip``, ``zstd`` or ``none``.  After the last entry
    ``uncompressed_bytes`` is the size of the archive, and, when asked for,
    ``estimated_bytes`` that of the archive compressed by gzip at its default
    level, which builders take too; the exact size depends on their version.
    """

    def __init__(self, source: ImageSource, index: int, budget: Budget | None = None, *, estimate: bool = False) -> None:
        layer = source.image.layers[index]
        self._where = f'layer {index + 1} of "{source.image.name}"'
        self._diff_id = layer.diff_id
        self._budget = budget or Budget()
        self._raw = source.open_layer(index)
        self._stream = io.BufferedReader(_Prefixed(self._raw), CHUNK)
        self.compression = _compression(self._stream.peek(4)[:4])
        self._measured = _Measured(self._decompressed(), self._where, estimate=estimate)

    def __enter__(self) -> LayerPass:
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.close()

    @property
    def uncompressed_bytes(self) -> int:
        return self._measured.size

    @property
    def estimated_bytes(self) -> int | None:
        return self._measured.estimated

    def entries(self) -> Iterator[Entry]:
        """The entries in the order of the archive, files with the digests of their contents.

        Raises :class:`ImageError` for a damaged layer, and, at its end, for
        one whose content has another digest than the configuration says.
        """
        with self._faults():
            yield from hashed_entries(TarReader(self._measured, self._where, self._budget))
            self._finish()

    def with_contents(self) -> Iterator[tuple[Entry, Iterator[bytes]]]:
        """The entries, without digests, each with the content of a file, to be read before the next one; raises as :meth:`entries` does."""
        with self._faults():
            reader = TarReader(self._measured, self._where, self._budget)
            for entry in reader:
                yield entry, reader.content()
            self._finish()

    def chunks(self) -> Iterator[bytes]:
        """The archive itself; raises as :meth:`entries` does."""
        with self._faults():
            while chunk := self._measured.read(CHUNK):
                yield chunk
            self._finish()

    def contents(self, paths: Collection[str], limit_bytes: int) -> dict[str, bytes]:
        """The beginnings of some files, by path."""
        found: dict[str, bytes] = {}
        for path, chunks in self.files(paths):
            data = bytearray()
            for chunk in chunks:
                data += chunk[: limit_bytes - len(data)]
                if len(data) >= limit_bytes:
                    break
            found[path] = bytes(data)
        return found

    def files(self, paths: Collection[str]) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Some files in the order of the archive, each with its content in chunks, to be read before the next.

        Raises :class:`ImageError` for a damaged layer; whoever stops early
        leaves the rest unread.
        """
        with self._faults():
            reader = TarReader(self._measured, self._where, self._budget)
            for entry in reader:
                if entry.path in paths and entry.kind == "file":
                    yield entry.path, self._content(reader)

    def _content(self, reader: TarReader) -> Iterator[bytes]:
        with self._faults():
            yield from reader.content()

    def _finish(self) -> None:
        while self._measured.read(CHUNK):
            pass
        # The rest of the stored bytes, so that a registry's digest over them is checked as well.
        while self._stream.read(CHUNK):
            pass
        if self._measured.digest != self._diff_id:
            raise ImageError(
                f"{self._where} has the digest {self._measured.digest}, but the configuration has {self._diff_id}",
                hint="the image is damaged, or was changed: pull or save it again",
            )

    def _decompressed(self) -> BinaryIO:
        if self.compression == "gzip":
            return gzip.GzipFile(fileobj=self._stream, mode="rb")  # type: ignore[return-value]
        if self.compression == "zstd":
            return _zstd().ZstdFile(self._stream, options={_zstd().DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})  # type: ignore[no-any-return]
        return self._stream

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        faults = (EOFError, zlib.error, gzip.BadGzipFile, *((_zstd().ZstdError,) if self.compression == "zstd" else ()))
        try:
            yield
        except faults as error:
            raise ImageError(
                f"{self._where} is damaged or truncated: {error}", hint="pull or save the image again, and check the free disk space"
            ) from None


class _Prefixed(io.RawIOBase):
    """Any readable object as a raw stream, to look at its first bytes without losing them."""

    def __init__(self, stream: BinaryIO) -> None:
        self._inner = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._inner.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Measured(io.BufferedIOBase):
    """A stream that knows the size and the digest of what was read, and how well it compresses."""

    def __init__(self, stream: BinaryIO, where: str, *, estimate: bool) -> None:
        self._inner = stream
        self._where = where
        self._hash = hashlib.sha256()
        self._deflate = zlib.compressobj(wbits=31) if estimate else None
        self._deflated = 0
        self.size = 0

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"

    @property
    def estimated(self) -> int | None:
        if self._deflate is None:
            return None
        return self._deflated + len(self._deflate.copy().flush())

    def read(self, size: int | None = -1, /) -> bytes:
        data = self._inner.read(-1 if size is None else size)
        self.size += len(data)
        if self.size > MAX_LAYER_BYTES:
            raise ImageError(
                f"{self._where} unpacks to more than {MAX_LAYER_BYTES >> 20:,} MiB; Lambda takes 10 GB in all",
                hint="check where the image comes from, and what its Dockerfile copies",
            )
        self._hash.update(data)
        if self._deflate is not None:
            self._deflated += len(self._deflate.compress(data))
        return data


def _zstd() -> Any:
    """Python's module for zstd, which versions before 3.14 have from a package.  Imported here, for the layers that need it."""
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd


def _compression(magic: bytes) -> str:
    return "gzip" if magic.startswith(_GZIP) else "zstd" if magic.startswith(_ZSTD) else "none"
