"""What the packages of real images were, deployment by deployment: see ``data/lock-histories/README.md``."""

from __future__ import annotations

import datetime
import gzip
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).parent / "data" / "lock-histories"


@dataclass(frozen=True, slots=True)
class Package:
    """A package in an image: its version, or its places and the version in each, and its bytes."""

    version: str
    size: int


Image = Mapping[str, Package]
"""Packages by name."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """All images on a date, by name."""

    date: datetime.date
    images: Mapping[str, Image]


@dataclass(frozen=True, slots=True)
class History:
    """A fleet's deployments; the first is where it begins.  ``references`` are the packages that each depends on."""

    name: str
    deployments: tuple[Deployment, ...]
    references: Mapping[str, tuple[str, ...]]


def names() -> list[str]:
    """The histories that there are."""
    return sorted(path.name.removesuffix(".json.gz") for path in DIRECTORY.glob("*.json.gz"))


def load(name: str) -> History:
    data = json.loads(gzip.decompress((DIRECTORY / f"{name}.json.gz").read_bytes()))
    changes: dict[str, dict[str, list[dict[str, str | None]]]] = defaultdict(lambda: defaultdict(list))
    for member, each in data["members"].items():
        for date, changed in each["history"]:
            changes[date][member].append(changed)
    begins = {member: each["from"] for member, each in data["members"].items()}
    first = min(begins.values())
    locked = {member: dict(each["initial"]) for member, each in data["members"].items()}
    images = {member: _image(locked[member], data["sizes"]) for member in locked if begins[member] <= first}
    deployments = [Deployment(datetime.date.fromisoformat(first), dict(images))]
    for date in sorted(changes):
        for member in locked:
            if member in changes[date]:
                for changed in changes[date][member]:
                    locked[member] = {key: version for key, version in {**locked[member], **changed}.items() if version is not None}
            if member in changes[date] or (member not in images and begins[member] <= date):
                images[member] = _image(locked[member], data["sizes"])
        deployments.append(Deployment(datetime.date.fromisoformat(date), dict(images)))
    return History(name, tuple(deployments), {key: tuple(others) for key, others in data["references"].items()})


def _image(locked: Mapping[str, str], sizes: Mapping[str, Mapping[str, Any]]) -> dict[str, Package]:
    places: dict[str, list[str]] = defaultdict(list)
    for place in sorted(locked):
        places[place.rpartition(">")[2]].append(place)
    return {
        name: Package(", ".join(f"{place}@{locked[place]}" for place in at), sum(sizes[name][locked[place]] for place in at))
        for name, at in places.items()
    }
