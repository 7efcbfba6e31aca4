"""What a bump of one package pushes of a lock of npm, in one layer and in several.

One function with a client of the AWS SDK, sharp and uuid is published without
an engine; then uuid has another release, and it is published again, as by
another runner that has the same downloads.  *One layer* has no packing;
*parts* has one that gives sharp, and uuid, layers of their own.  *Pushed* are the
bytes of layers of packages that the registry, on this machine, did not have;
seconds are those of ``publish`` alone.

Needs Node.js, npm and npm's registry.
Run: ``python -m benchmarks.node_parts``
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.npm_lock import write_lock
from optimizer import NodeDependencies
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.model.packing import Packing
from optimizer.publishing.publish import publish
from tests.adapters.push_server import serving_pushes
from tests.publishing.fleet import Fleet

STEADY = {"@aws-sdk/client-s3": "3.800.0", "sharp": "0.34.5"}
RELEASES = ("11.1.0", "11.0.5")
PACKINGS = {
    "one layer": Packing(),
    "parts": Packing(groups={"nodejs": (("@img/sharp-libvips-linux-x64", "@img/sharp-linux-x64", "sharp"), ("uuid",))}),
}


def locked(root: Path, release: str) -> None:
    """Write the manifest and the lock with that release of uuid."""
    root.mkdir(parents=True)
    manifest = {"name": "fleet", "version": "1.0.0", "dependencies": {**STEADY, "uuid": release}}
    (root / "package.json").write_text(json.dumps(manifest))
    write_lock(root)


def measured(projects: Sequence[Path], packing: Packing) -> list[tuple[int, float]]:
    """The bytes that were pushed, and the seconds, of each project after the one before it."""
    found = []
    with serving_pushes() as registry:
        for root in projects:
            fleet = Fleet(registry, root)
            fleet.add_base()
            image = fleet.image(NodeDependencies("package-lock.json", name="packages", scripts=False), packing=packing)
            started = time.monotonic()
            with HttpRegistry() as client:
                (result,) = publish([image], client, engine=False)
            found.append((sum(layer.pushed for layer in result.layers), time.monotonic() - started))
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        os.environ["XDG_CACHE_HOME"] = str(Path(directory, "cache"))
        projects = [Path(directory, release, "project") for release in RELEASES]
        for root, release in zip(projects, RELEASES, strict=True):
            locked(root, release)
        # Everything is downloaded once before anything is timed.
        measured(projects, Packing())
        print(f"{'':12}{'first MB':>10}{'s':>8}{'bump MB':>10}{'s':>8}")
        for name, packing in PACKINGS.items():
            (first, first_s), (bump, bump_s) = measured(projects, packing)
            print(f"{name:12}{first / 1e6:10.2f}{first_s:8.2f}{bump / 1e6:10.3f}{bump_s:8.2f}")


if __name__ == "__main__":
    main()
