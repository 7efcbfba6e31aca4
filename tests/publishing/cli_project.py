"""A project in a directory, and a registry that has its base: what tests of commands that publish begin with."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from optimizer.bases.catalogue import base_image
from optimizer.bases.lock import Lock, LockedImage
from tests.adapters.push_server import PushServer, serving_pushes
from tests.publishing.fleet import Fleet

RUNTIME = "nodejs22.x"
FUNCTIONS: Mapping[str, str] = {
    "functions/api/index.js": "exports.handler = async () => 1;\n",
    "functions/other/index.js": "exports.handler = async () => 2;\n",
}


@contextmanager
def serving_base(directory: Path) -> Iterator[PushServer]:
    """A registry for pushes, with the base of :data:`RUNTIME`."""
    with serving_pushes() as served:
        Fleet(served, directory).add_base()
        yield served


def write_project(directory: Path, registry: PushServer, files: Mapping[str, str]) -> None:
    """Files of a project by their paths, and a lock that pins the registry's base."""
    pinned = LockedImage(
        reference=base_image(RUNTIME).reference, digest=registry.digest_of("lambda/nodejs:22"), resolved=datetime.date(2026, 11, 1)
    )
    for path, text in {**files, "optimizer.lock": Lock().with_images([pinned]).render()}.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)
