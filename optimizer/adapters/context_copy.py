"""Copies a build context as another machine would have checked it out: same bytes; other times, umask and order of creation."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from optimizer.errors import ContextError

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What differs between two checkouts of the same files.

    ``umask`` is that of the checkout, ``time`` the earliest modification time
    in seconds since 1970 (all files are within a day of it).  ``reverse`` makes
    the files in reverse order of their names; many file systems list them in
    the order in which they were made.
    """

    name: str
    umask: int
    time: float
    reverse: bool

    @property
    def times(self) -> tuple[float, float]:
        """The earliest and the latest modification time that a file can have."""
        return (self.time, self.time + _DAY_S)


FIRST = Machine(name="first", umask=0o002, time=981_173_106.0, reverse=False)
SECOND = Machine(name="second", umask=0o077, time=1_249_622_229.0, reverse=True)


def copy_context(source: Path, target: Path, machine: Machine) -> None:
    """Copy a build context as the machine would have it; executable files stay executable.

    Raises :class:`ContextError` for a file that cannot be copied.
    """
    try:
        _copy_directory(source, target, machine, 0)
    except OSError as error:
        hint = (
            "free some space in the directory for temporary files, or set TMPDIR" if error.errno == errno.ENOSPC else "fix its permissions"
        )
        raise ContextError(f'the build context "{source}" cannot be copied: {error.strerror} ({error.filename})', hint=hint) from None


def _copy_directory(source: Path, target: Path, machine: Machine, count: int) -> int:
    target.mkdir()
    with os.scandir(source) as scan:
        items = sorted(scan, key=lambda item: item.name, reverse=machine.reverse)
    for item in items:
        count += 1
        path = target / item.name
        if item.is_symlink():
            path.symlink_to(os.readlink(item.path))
        elif item.is_dir(follow_symlinks=False):
            count = _copy_directory(Path(item.path), path, machine, count)
        else:
            mode = item.stat(follow_symlinks=False).st_mode
            if not stat.S_ISREG(mode):
                raise ContextError(f'"{item.path}" is neither a file, a directory nor a link', hint="remove it from the build context")
            shutil.copyfile(item.path, path)
            path.chmod((0o777 if mode & 0o111 else 0o666) & ~machine.umask)
        if not item.is_dir(follow_symlinks=False):
            _touch(path, machine, count)
    target.chmod(0o777 & ~machine.umask)
    _touch(target, machine, count)
    return count


def _touch(path: Path, machine: Machine, count: int) -> None:
    # Every file has a time of its own, as after an hour's work.
    moment = machine.time + count % 3600
    os.utime(path, (moment, moment), follow_symlinks=False)
