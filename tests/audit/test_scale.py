"""The command as a process on a large account, behind a server that answers as AWS does, page by page."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

from benchmarks.audit import Account, Run, Server, measure, serving


class Throttling(Server):
    """Refuses some calls at first, as AWS does where too many are made."""

    left = 4
    asked = 0
    counting = threading.Lock()

    def answer(self, method: str, path: str, target: str, body: str) -> tuple[int, bytes]:
        # Of several that ask at once, each counts for itself.
        with self.counting:
            self.asked += 1
            refused = self.left > 0 and self.asked % 5 == 0
            self.left -= refused
        if refused:
            code = "ThrottlingException" if target else "TooManyRequestsException"
            return 400 if target else 429, json.dumps({"__type": code, "Type": "User", "message": "Rate exceeded"}).encode()
        return super().answer(method, path, target, body)


def audited(server: Server, directory: Path) -> tuple[dict[str, Any], Run]:
    output = directory / "audit.json"
    run = measure([sys.executable, "-m", "optimizer", "audit", "--format", "json", "--output", str(output)], server.endpoint)
    return json.loads(output.read_text(encoding="utf-8")), run


def check(data: dict[str, Any], account: Account) -> None:
    """Every figure of the repositories, counted by hand."""
    manifests = {name: [json.loads(text) for text in images.values()] for name, images in account.images.items()}

    def blobs(document: dict[str, Any]) -> dict[str, int]:
        return {item["digest"]: item["size"] for item in (*document["layers"], document["config"])}

    held = {name: {blob: size for document in documents for blob, size in blobs(document).items()} for name, documents in manifests.items()}
    every = {blob: size for found in held.values() for blob, size in found.items()}
    assert {row["repository"]: row["stored_bytes"] for row in data["repositories"]} == {
        name: sum(found.values()) for name, found in held.items()
    }
    assert {row["repository"]: row["images"] for row in data["repositories"]} == {name: len(found) for name, found in manifests.items()}
    assert data["places"][0]["one_repository_bytes"] == sum(every.values())
    used = {*account.versions.values()}
    idle = {(name, image) for name, images in account.images.items() for image in images} - used
    assert {(row["repository"], row["digest"]) for row in data["unused"]} == idle
    assert {(row["function"], row["version"]): (row["repository"], row["digest"]) for row in data["versions"]} == account.versions
    assert data["partial"] is False


def test_a_large_account_is_counted_right_in_bounded_memory(tmp_path: Path) -> None:
    """Requirement: "with a generated account of 10,000 images and 2,000 functions: figures equal to a brute-force count; peak memory under 200 MB"."""
    account = Account()
    with serving(account) as server:
        data, run = audited(server, tmp_path)
    check(data, account)
    assert run.peak_bytes < 200_000_000


def test_what_is_throttled_is_asked_again_and_nothing_is_lost(tmp_path: Path) -> None:
    """Requirement: "throttling […] injected: nothing wrong reported, nothing lost"."""
    account = Account(images=400, repositories=4, functions=40)
    with serving(account, Throttling) as server:
        data, _ = audited(server, tmp_path)
        assert isinstance(server, Throttling) and server.left == 0
    check(data, account)
