"""The archives that this project writes are the layers that engines make of them, byte for byte."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from optimizer.builders.tar import END, TarEntry, header, padding, sort_key
from tests.engine.daemon import daemon
from tests.patience import PATIENCE_S

DEEP = "/".join(["d" * 60] * 3)
CONTENTS = {
    "opt/a.b": b"1",
    "opt/a-b": b"2",
    "opt/a/z": b"3",
    "opt/empty": b"",
    "opt/é/naïve ☃.py": b"4",
    "opt/tab\tand\nline": b"5",
    "opt/" + "n" * 96: b"6",
    "opt/" + "n" * 97: b"7",
    f"opt/{'p' * 90}/{'n' * 90}": b"8",
    f"opt/{DEEP}/{'n' * 100}": b"9",
    f"opt/{DEEP}/{'n' * 101}": b"10",
    f"opt/{DEEP}/ü{'n' * 101}": b"11",
    "opt/executable": b"#!/bin/sh\n",
}
LINKS = {
    "opt/link": "a/z",
    "opt/link-100": "t" * 100,
    "opt/link-101": "t" * 101,
    "opt/link-é": "é/naïve ☃.py",
    f"opt/{DEEP}/link": f"{DEEP}/" + "t" * 90,
}
DIRECTORIES = ["opt/bare", f"opt/{'d' * 95}", f"opt/{'d' * 96}", f"opt/{DEEP}/{'d' * 90}"]


def entries() -> list[TarEntry]:
    found = {path: TarEntry(path, "file", 0o755 if path.endswith("executable") else 0o644, len(data)) for path, data in CONTENTS.items()}
    found |= {path: TarEntry(path, "symlink", 0o777, target=target) for path, target in LINKS.items()}
    for path in [*found, *DIRECTORIES]:
        above = path if path in DIRECTORIES else path.rpartition("/")[0]
        while above:
            found[above] = TarEntry(above, "directory", 0o755)
            above = above.rpartition("/")[0]
    # Of two names of one file, the one that comes first in the archive is the file.
    found["opt/other name"] = TarEntry("opt/other name", "hardlink", 0o644, target="opt/a/z")
    found[f"opt/{DEEP}/other"] = TarEntry(f"opt/{DEEP}/other", "hardlink", 0o644, target=f"opt/{DEEP}/{'n' * 101}")
    return [found[path] for path in sorted(found, key=sort_key)]


def archive() -> bytes:
    return b"".join(header(entry) + CONTENTS.get(entry.path, b"")[: entry.size] + padding(entry.size) for entry in entries()) + END


@pytest.fixture(scope="module", params=["", "containerd"])
def environment(request: pytest.FixtureRequest, engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The engine of this machine, and one with the other image store."""
    if not request.param:
        yield dict(os.environ)
        return
    with daemon(tmp_path_factory.mktemp("engine"), containerd_store=True) as made:
        yield {**os.environ, **made.environment}


@pytest.mark.parametrize(
    "dockerfile",
    [
        "FROM scratch\nADD layer.tar /\n",
        "FROM scratch AS made\nADD layer.tar /layer/tree/\nFROM scratch\nCOPY --from=made /layer/tree/ /\n",
    ],
    ids=["ADD", "COPY"],
)
def test_an_archive_is_the_layer(dockerfile: str, environment: Mapping[str, str], tmp_path: Path) -> None:
    """Requirement: "the same `diff_id` from both back ends"."""
    (tmp_path / "Dockerfile").write_text(dockerfile)
    (tmp_path / "layer.tar").write_bytes(archive())
    name = f"layer-bytes-{uuid.uuid4().hex[:12]}"
    try:
        subprocess.run(["docker", "build", "--quiet", "--tag", name, "."], cwd=tmp_path, env=environment, check=True, timeout=PATIENCE_S)
        shown = subprocess.run(["docker", "image", "inspect", name], env=environment, check=True, timeout=PATIENCE_S, capture_output=True)
    finally:
        subprocess.run(["docker", "image", "rm", "--force", name], env=environment, capture_output=True, check=False, timeout=PATIENCE_S)
    (diff_id,) = json.loads(shown.stdout)[0]["RootFS"]["Layers"]
    assert diff_id == f"sha256:{hashlib.sha256(archive()).hexdigest()}"
