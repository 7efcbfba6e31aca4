"""A directory as a zip archive: equal directories give equal bytes, on every machine."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
import zipfile
from pathlib import Path

from optimizer.errors import ContextError

# The time of every entry of every tree; see optimizer.model.plan.TIMESTAMP. A zip archive holds local time.
_TIME = (1985, 10, 26, 8, 15, 0)
_UNIX = 3
_READ = 1 << 20


def write_zip(directory: Path, parent: Path) -> Path:
    """Write what is in the directory to ``<parent>/<digest>.zip``, named by its content; gives the file.

    Nothing is compressed: what a compressor makes depends on its version.  The
    file appears whole or not at all.  Raises :class:`ContextError` where it
    cannot be written.
    """
    part = ""
    try:
        parent.mkdir(parents=True, exist_ok=True)
        descriptor, part = tempfile.mkstemp(prefix=".zip-", dir=parent)
        with os.fdopen(descriptor, "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                for path in sorted(directory.rglob("*"), key=lambda path: path.relative_to(directory).as_posix()):
                    _add(archive, path, path.relative_to(directory).as_posix())
            file.seek(0)
            digest = hashlib.sha256()
            while chunk := file.read(_READ):
                digest.update(chunk)
        target = parent / f"{digest.hexdigest()}.zip"
        os.chmod(part, 0o644)
        os.replace(part, target)
        return target
    except OSError as error:
        raise ContextError(
            f'the archive cannot be written to "{parent}": {error.strerror}',
            str(parent),
            "check the directory, its permissions and its space",
        ) from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(part)


def _add(archive: zipfile.ZipFile, path: Path, name: str) -> None:
    if path.is_symlink():
        entry = _entry(name, stat.S_IFLNK | 0o777)
        archive.writestr(entry, os.readlink(path))
    elif path.is_dir():
        archive.writestr(_entry(f"{name}/", stat.S_IFDIR | 0o755), b"")
    else:
        mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
        entry = _entry(name, stat.S_IFREG | mode)
        entry.file_size = path.stat().st_size
        with archive.open(entry, "w") as target, path.open("rb") as source:
            while chunk := source.read(_READ):
                target.write(chunk)


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.create_system = _UNIX
    entry.external_attr = mode << 16
    return entry
