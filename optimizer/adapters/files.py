"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from optimizer.errors import OptimizerError


def replace_file(path: Path, text: str, name: str, error: type[OptimizerError], *, durable: bool = True) -> None:
    """Replace the file in one step: a reader sees the old file or the new one, never a part.

    ``name`` is what the file is, for the message of the ``error`` that is
    raised when it cannot be written; the old file is then as it was.  What can
    be made again at any time need not be ``durable``, for which the disk is
    waited for.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
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
