"""Files that are read within bounds, and written whole or not at all."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from optimizer.errors import OptimizerError


def hidden_beside(path: Path, suffix: str) -> Path:
    """The name of a file beside another, which it becomes or was.

    No two are equal: the number of a process is that of another one in another
    container, and may be that of one that was killed and left its file.
    """
    return path.with_name(f".{path.name}.{os.urandom(4).hex()}.{suffix}")


def replace_file(path: Path, text: str, name: str, error: type[OptimizerError], *, durable: bool = True) -> None:
    """Replace the file in one step: a reader sees the old file or the new one, never a part.

    ``name`` is what the file is, for the message of the ``error`` that is
    raised when it cannot be written; the old file is then as it was.  What can
    be made again at any time need not be ``durable``, for which the disk is
    waited for.
    """
    target = Path(os.path.realpath(path))
    temporary = hidden_beside(target, "tmp")
    try:
        try:
            with temporary.open("xb") as file:
                file.write(text.encode("utf-8"))
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, temporary)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as fault:
        raise error(f'{name} "{path}" cannot be written: {fault.strerror}', hint="check the directory and its permissions") from None


def read_bounded(path: str, most: int) -> bytes | None:
    """The bytes of a regular file that is not larger than that."""
    try:
        # A named pipe would never end.
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode) or status.st_size > most:
            return None
        with open(path, "rb") as file:
            return file.read(most + 1)
    except (OSError, ValueError):
        return None


def why_unread(path: str, most: int) -> str:
    """Why :func:`read_bounded` gave nothing for the path, as the end of a sentence about it."""
    if not os.path.lexists(path):
        return "does not exist"
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        if os.path.islink(path):
            return f'is a link to "{os.readlink(path)}", which does not exist'
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"
    if stat.S_ISDIR(status.st_mode):
        return "is a directory, not a file"
    if not stat.S_ISREG(status.st_mode):
        return "is a pipe or a device, not a file"
    if status.st_size > most:
        return f"is larger than {most // 1024 // 1024} MB"
    return "cannot be read: check its permissions"
