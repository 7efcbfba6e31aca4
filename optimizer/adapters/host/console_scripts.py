"""The scripts of packages: which Python runs them is written into their first line, and their hashes into RECORD."""

from __future__ import annotations

import base64
import configparser
import csv
import hashlib
import io
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from optimizer.adapters.host.tree import Obstacle

_START = 1024
"""Bytes of a script in which its interpreter stands."""


def set_interpreter(site: Path, installed_by: str, interpreter: str) -> None:
    """Write an interpreter in place of the one that installed, into all scripts and into RECORD.

    ``site`` is the directory of the packages, whose scripts are in ``bin``.
    Raises :class:`Obstacle` for a script that starts in a form of its own, and
    where ``interpreter`` is empty and there are scripts.
    """
    changed = {f"bin/{path.name}": done for path in _scripts(site) if (done := _changed(path, installed_by, interpreter))}
    expected = {f"bin/{name}" for record in sorted(site.glob("*.dist-info")) for name in _entry_points(record)}
    unknown = sorted(name for name in expected - set(changed) if (site / name).is_file())
    if unknown:
        raise Obstacle(f"{unknown[0]} does not start with the Python that installed it")
    if changed and not interpreter:
        names = ", ".join(name.removeprefix("bin/") for name in sorted(changed)[:3])
        raise Obstacle(f"which Python its scripts start ({names}) is known of AWS's own bases alone")
    for record in sorted(site.glob("*.dist-info/RECORD")):
        _rewrite(record, changed)
    for name, (_, after) in changed.items():
        # In place, so that the mode stays.
        with (site / name).open("r+b") as file:
            file.write(after)
            file.truncate()


def _scripts(site: Path) -> Iterator[Path]:
    directory = site / "bin"
    if directory.is_dir():
        yield from (path for path in sorted(directory.iterdir()) if path.is_file() and not path.is_symlink())


def _changed(path: Path, installed_by: str, interpreter: str) -> tuple[bytes, bytes] | None:
    """The content before and after; None for a script that does not start with the Python that installed it.

    A long path, or one with spaces, cannot stand in a first line: installers
    then write three lines that a shell and Python both read.
    """
    before = path.read_bytes()
    for start in (f"#!{installed_by}\n", f"#!/bin/sh\n'''exec' '{installed_by}' \"$0\" \"$@\"\n' '''\n"):
        if before.startswith(os.fsencode(start)):
            return before, f"#!{interpreter}\n".encode() + before[len(os.fsencode(start)) :]
    if before.startswith(b"#!") and os.fsencode(installed_by) in before[:_START]:
        raise Obstacle(f"bin/{path.name} starts with the Python that installed it in a form of its own")
    return None


def _entry_points(directory: Path) -> Iterator[str]:
    path = directory / "entry_points.txt"
    if not path.is_file():
        return
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except (configparser.Error, UnicodeDecodeError):
        raise Obstacle(f"{directory.name}/entry_points.txt cannot be read") from None
    for section in ("console_scripts", "gui_scripts"):
        if parser.has_section(section):
            yield from parser.options(section)


def _rewrite(record: Path, changed: Mapping[str, tuple[bytes, bytes]]) -> None:
    lines = record.read_bytes().splitlines(keepends=True)
    written = []
    for line in lines:
        row = next(csv.reader([line.decode("utf-8", "surrogateescape")]), [])
        name = re.sub(r"^(\.\./)+", "", row[0]) if row else ""
        if name in changed and len(row) == 3 and row[1]:
            before, after = changed[name]
            if row[1] != _digest(before):
                raise Obstacle(f"two packages hold {name}")
            out = io.StringIO()
            csv.writer(out, lineterminator="\n").writerow([row[0], _digest(after), len(after)])
            line = out.getvalue().encode("utf-8", "surrogateescape")
        written.append(line)
    if written != lines:
        record.write_bytes(b"".join(written))


def _digest(data: bytes) -> str:
    """As RECORD writes it: https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
