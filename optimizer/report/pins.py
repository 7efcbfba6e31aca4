"""What ``optimizer pin`` did, for people and for the bot that opens a pull request."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from optimizer.bases.lock import Lock, LockedImage
from optimizer.bases.programs import PROGRAMS
from optimizer.report.names import SHORT
from optimizer.report.sizes import size_text
from optimizer.report.style import NARROW, wrapped

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What a new image brings for one architecture: the day that it was made, and compressed bytes of it, of the old one, and of its layers that the old one has not; None where unknown."""

    made: datetime.date | None
    size: int
    old_size: int | None
    new_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One pin of the lock, after the run.

    ``added`` is new; ``updated`` took the place of ``old``; ``held`` is
    ``old`` still, because of ``held``, where ``new`` would take its place;
    ``unchanged`` was asked for and is the same; ``kept`` was not asked for.
    """

    image: LockedImage
    change: Literal["added", "updated", "held", "unchanged", "kept"]
    old: LockedImage | None = None
    new: LockedImage | None = None
    brings: Mapping[str, Brought] = field(default_factory=dict)
    held: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinReport:
    """The lock after the run, and its pins that the run was about, by reference."""

    lock: Lock
    pins: tuple[Pin, ...]


def pins_as_text(report: PinReport, width: int = NARROW) -> str:
    """A line for each pin, in so many columns, and one below for each architecture of an update."""
    rows = [(str(pin.image.reference), _digests(pin), pin.change, _programs(pin.image)) for pin in report.pins]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    # Names are never cut, to be copied: where they are long, each has a line of its own.
    apart = sum(widths) + 4 > width
    lines = []
    for pin, (name, digests, change, programs) in zip(report.pins, rows, strict=True):
        start = f"  {digests:{widths[1]}}" if apart else f"{name:{widths[0]}}  {digests:{widths[1]}}"
        line = f"{start}  {change:{widths[2]}}"
        # The programs are what can be done without at a glance.
        fits = not programs or len(line) + 2 + len(programs) <= width
        lines += [name] if apart else []
        lines += [f"{line}  {programs}".rstrip()] if fits else [line.rstrip(), *wrapped(programs, width, "  ")]
        lines += [
            line
            for architecture, brought in pin.brings.items()
            for line in wrapped(f"{architecture}: {_brings(brought)}", width, "  ", "    ")
        ]
    return "".join(f"{line}\n" for line in lines)


def _digests(pin: Pin) -> str:
    if pin.change == "kept":
        return _short(pin.image.digest)
    old = pin.image.digest if pin.change == "unchanged" else pin.old.digest if pin.old else ""
    return f"{_short(old)} -> {_short((pin.new or pin.image).digest)}"


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:SHORT] if digest else "(none)"


def _brings(brought: Brought) -> str:
    parts = [f"made on {brought.made}" if brought.made else "it does not tell when it was made", size_text(brought.size)]
    if brought.old_size is None or brought.new_bytes is None:
        parts.append("the old image is not there to compare")
    else:
        parts += [f"{size_text(brought.old_size)} before", f"{size_text(brought.new_bytes)} in layers that are new"]
    return ", ".join(parts)


def _programs(image: LockedImage) -> str:
    """The exact programs of a pin, for people; empty where none is known."""
    return ", ".join(text for name, table in image.programs.items() for text in _versions(PROGRAMS[name].title, table, image))


def _versions(title: str, table: Mapping[str, str], image: LockedImage) -> list[str]:
    versions = dict.fromkeys(table.values())
    if len(versions) == 1 and table.keys() == image.platforms.keys():
        return [f"{title} {next(iter(versions))}"]
    return [f"{title} {version} for {architecture}" for architecture, version in table.items()]


def pins_as_json(report: PinReport) -> str:
    """For programs; the keys are documented in docs/ci.md."""
    return json.dumps({"version": VERSION, "images": [_pin(pin) for pin in report.pins]}, indent=2, ensure_ascii=False) + "\n"


def _pin(pin: Pin) -> dict[str, Any]:
    new = pin.new or pin.image
    old = pin.image if pin.change in ("unchanged", "kept") else pin.old
    return {
        "reference": str(pin.image.reference),
        "change": pin.change,
        "digest": new.digest,
        "old_digest": old.digest if old else None,
        "pinned": pin.image.digest,
        "resolved": pin.image.resolved.isoformat(),
        "programs": {name: dict(table) for name, table in new.programs.items()},
        "old_programs": {name: dict(table) for name, table in old.programs.items()} if old else {},
        "brings": {
            architecture: {
                "made": brought.made.isoformat() if brought.made else None,
                "bytes": brought.size,
                "old_bytes": brought.old_size,
                "new_bytes": brought.new_bytes,
            }
            for architecture, brought in pin.brings.items()
        },
        "held": pin.held or None,
    }
