"""Bases that are read from their registries, to recognise images by their layers."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from optimizer.adapters.images.base_layers import fetch_base_layers
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.audit.bases import find_bases
from optimizer.bases.lock import Lock, LockedImage
from optimizer.bases.mirror import Mirror
from optimizer.cli.audit import command
from optimizer.model.progress import Event, Noted
from optimizer.model.reference import ImageReference
from tests.adapters.registry_server import INDEX, MANIFEST, RegistryServer, serving, sha256
from tests.audit.account import Account, digest
from tests.audit.fake import Fleet, Image

OLD, NEW = {"os": 1, "python 1": 2}, {"os": 1, "python 2": 2}
NAME = "lambda/python"


def put(server: RegistryServer, layers: dict[str, int], created: str) -> tuple[bytes, str]:
    """A base of these layers: its manifest and digest."""
    config = json.dumps({"os": "linux", "architecture": "arm64", "created": created}).encode()
    server.blobs[sha256(config)] = config
    blobs = [{"mediaType": "layer", "digest": digest(name), "size": size} for name, size in layers.items()]
    body = json.dumps(
        {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"digest": sha256(config), "size": len(config)}, "layers": blobs}
    ).encode()
    return body, server.put(f"{NAME}:{created[:10]}", MANIFEST, body)


def tag(server: RegistryServer, name: str, manifest: bytes) -> str:
    """An index with the base for arm64."""
    entry = {"mediaType": MANIFEST, "digest": sha256(manifest), "size": len(manifest), "platform": {"os": "linux", "architecture": "arm64"}}
    return server.put(f"{NAME}:{name}", INDEX, json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}).encode())


def test_an_image_is_recognised_by_the_layers_of_its_base() -> None:
    """Requirement: "base (by layer digests, against the catalogue and the lock), age and patch state of the base"."""
    fleet = Fleet({"shop": [Image("a", {**OLD, "code": 3}), Image("b", {**NEW, "code": 3}), Image("c", {"os": 1, "other": 1})]}, {})
    inventory = fleet.read()
    events: list[Event] = []
    with serving() as server, HttpRegistry(sleep=lambda seconds: None) as registry:
        old, old_digest = put(server, OLD, "2026-01-10T00:00:00Z")
        pinned = tag(server, "3.13", old)
        new, new_digest = put(server, NEW, "2026-11-20T08:00:00Z")
        tag(server, "3.13", new)
        pin = LockedImage(
            reference=ImageReference.parse("public.ecr.aws/lambda/python:3.13"),
            digest=pinned,
            resolved=datetime.date(2026, 1, 12),
            platforms={"arm64": old_digest},
        )
        lock = Lock(images=(pin,))
        fetched = fetch_base_layers(registry, lock, Mirror.parse(server.host), events.append)
    found = {key[2]: base for key, base in find_bases(inventory, lock, fetched).items()}
    names = {image.name: found.get(image.digest) for image in fleet.repositories["shop"]}
    before, after = names["a"], names["b"]
    assert before is not None and after is not None and names["c"] is None
    assert (before.digest, before.date, before.current, before.sign) == (old_digest, datetime.date(2026, 1, 10), False, "layers")
    assert (after.digest, after.date, after.current) == (new_digest, datetime.date(2026, 11, 20), True)
    assert str(after.reference) == "public.ecr.aws/lambda/python:3.13"
    # Of the rest of the catalogue that registry has nothing, and each is told.
    notes = [event.text for event in events if isinstance(event, Noted)]
    assert any("lambda/nodejs:24" in note and "cannot be read" in note for note in notes)
    assert not any("lambda/python:3.13" in note for note in notes)


def test_a_time_of_reproducible_builds_is_no_age() -> None:
    with serving() as server, HttpRegistry(sleep=lambda seconds: None) as registry:
        body, _ = put(server, OLD, "1970-01-01T00:00:00Z")
        tag(server, "3.13", body)
        (base,) = fetch_base_layers(registry, Lock(), Mirror.parse(server.host), lambda event: None)
    assert base.date is None


def test_the_command_reads_them(account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with serving() as server:
        (tmp_path / "optimizer.toml").write_text(f'mirror = "{server.host}"\n')
        result = CliRunner().invoke(command, ["--fetch-bases"], catch_exceptions=False)
    assert result.exit_code == 0
    assert "cannot be read" in result.stderr
