"""``optimizer audit`` and ``optimizer clean`` of images that the engine built and pushed, by manifests that a control plane holds."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from optimizer.cli import clean
from tests.audit.account import Account
from tests.engine import services
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
DOCKERFILE = """FROM {base}
COPY dependencies /opt/dependencies
COPY code /var/task/
"""


def docker(*arguments: str) -> None:
    result = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert result.returncode == 0, result.stderr


@pytest.fixture(scope="module")
def pushed(registry: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The manifests of three images by repository and tag: two with the same dependencies, one of them in two repositories."""
    directory = tmp_path_factory.mktemp("audit")
    (directory / "Dockerfile").write_text(DOCKERFILE.format(base=f"{registry}/lambda/provided:al2023-x86_64"))
    (directory / "dependencies").write_bytes(os.urandom(50_000))
    found = {}
    for tag, names in {"one": ("audit-shop",), "two": ("audit-shop", "audit-other")}.items():
        (directory / "code").write_text(tag)
        images = [f"{registry}/{name}:{tag}" for name in names]
        docker("build", "--quiet", "--provenance=false", *(word for image in images for word in ("--tag", image)), str(directory))
        try:
            for name, image in zip(names, images, strict=True):
                docker("push", "--quiet", image)
                found[f"{name}:{tag}"] = services.manifest(registry, name, tag)
        finally:
            docker("rmi", *images)
    return found


@pytest.fixture(scope="module")
def account(control_plane: dict[str, str]) -> Iterator[Account]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in control_plane.items():
            patch.setenv(name, value)
        boto3.setup_default_session()
        found = Account()
        # An audit reads all of it, and other files leave what they made.
        assert (found.ecr.describe_repositories()["repositories"], found.lambda_.list_functions()["Functions"]) == ([], [])
        yield found


@pytest.fixture(scope="module")
def report(
    registry: str, pushed: dict[str, dict[str, Any]], account: Account, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    """The audit of an account with these images and a function on one of them, in a project whose mirror is the registry."""
    directory = tmp_path_factory.mktemp("project")
    (directory / "optimizer.toml").write_text(f'mirror = "{registry}"\n')
    names = [*{key.partition(":")[0] for key in pushed}]
    digests = {}
    try:
        for name in names:
            account.repository(name)
        for key, document in pushed.items():
            digests[key] = account.push(key.partition(":")[0], document, key.partition(":")[2])
        account.function("audited", "audit-shop", digests["audit-shop:one"])
        argv = [sys.executable, "-m", "optimizer", "audit", "--fetch-bases", "--format", "json"]
        result = subprocess.run(
            argv,
            cwd=directory,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert result.stdout, result.stderr
        yield {**json.loads(result.stdout), "digests": digests, "errors": result.stderr}
    finally:
        # Other tests of this run use the same control plane.
        account.lambda_.delete_function(FunctionName="audited")
        for name in names:
            account.ecr.delete_repository(repositoryName=name, force=True)


def test_bytes_are_those_of_the_layers_that_were_pushed(pushed: dict[str, dict[str, Any]], report: dict[str, Any]) -> None:
    """Requirement: "Must show: against moto with images really pushed by the engine tests"."""

    def blobs(document: dict[str, Any]) -> dict[str, int]:
        return {item["digest"]: item["size"] for item in (*document["layers"], document["config"])}

    one, two = blobs(pushed["audit-shop:one"]), blobs(pushed["audit-shop:two"])
    assert blobs(pushed["audit-other:two"]) == two
    found = {row["repository"]: row for row in report["repositories"]}
    assert found["audit-shop"]["stored_bytes"] == sum({**one, **two}.values())
    assert found["audit-shop"]["elsewhere_bytes"] == found["audit-other"]["stored_bytes"] == sum(two.values())
    (overlap,) = report["overlaps"]
    assert (overlap["first"], overlap["second"], overlap["bytes"]) == ("audit-other", "audit-shop", sum(two.values()))
    shared = sum(one[blob] for blob in one.keys() & two.keys())
    # The base and the dependencies are the same bytes in both images.
    assert found["audit-shop"]["shared_bytes"] == shared > 50_000


def test_the_base_is_recognised_by_its_layers_in_the_registry(report: dict[str, Any]) -> None:
    """Requirement: "base (by layer digests, against the catalogue and the lock)"."""
    (function,) = (row for row in report["functions"] if row["function"] == "audited")
    assert (function["runtime"], function["base_sign"], function["base_current"]) == ("provided.al2023", "layers", True)
    assert function["digest"] == report["digests"]["audit-shop:one"]
    assert function["image_state"] == "there"


def test_what_the_control_plane_does_not_know_is_a_gap(report: dict[str, Any]) -> None:
    """moto has no GetAccountSetting: everything else is reported all the same."""
    assert {gap["action"] for gap in report["gaps"]} == {"ecr:GetAccountSetting"}
    assert report["places"][0]["blob_mounting"] is None
    assert "partial: ecr:GetAccountSetting" in report["errors"]


def test_only_what_no_version_runs_is_deleted(
    registry: str, pushed: dict[str, dict[str, Any]], account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requirement: "it deletes only with `--apply` (…) and writes a journal", "Zero deletions of a used image", with images really pushed."""
    base = services.manifest(registry, "lambda/provided", "al2023-x86_64")
    documents = {"one": pushed["audit-shop:one"], "two": pushed["audit-shop:two"], "base": base}
    account.repository("clean-shop")
    monkeypatch.chdir(tmp_path)
    # The control plane tells the time of the push, which is now.
    monkeypatch.setattr(clean, "datetime", SimpleNamespace(datetime=_InTwoDays, timezone=datetime.timezone))

    def there() -> set[str]:
        return {image["imageDigest"] for image in account.ecr.list_images(repositoryName="clean-shop")["imageIds"]}

    def cleaned(*options: str) -> dict[str, Any]:
        # moto has no App Runner.
        arguments = ["clean-shop", "--older-than", "1", "--without", "apprunner", "--format", "json", *options]
        return dict(json.loads(CliRunner().invoke(clean.command, arguments, catch_exceptions=False).stdout))

    try:
        digests = {tag: account.push("clean-shop", document, tag) for tag, document in documents.items()}
        # moto changes no image of a function, so that a version and $LATEST have the same one.
        for name, tag in (("cleaned-one", "one"), ("cleaned-two", "two")):
            account.function(name, "clean-shop", digests[tag])
            account.lambda_.publish_version(FunctionName=name)
        assert [item["digest"] for item in cleaned()["candidates"]] == [digests["base"]]
        assert there() == set(digests.values())
        data = cleaned("--apply", "--journal", "clean.jsonl")
        assert [(item["digest"], item["state"]) for item in data["outcomes"]] == [(digests["base"], "deleted")]
        # Its layers are those of the others too.
        assert data["freed_bytes"] == base["config"]["size"]
        assert there() == {digests["one"], digests["two"]}
        reasons = {item["digest"]: item["reason"] for item in data["kept"]}
        assert reasons == {digests["one"]: "cleaned-one:$LATEST runs it", digests["two"]: "cleaned-two:$LATEST runs it"}
        events = [json.loads(line) for line in (tmp_path / "clean.jsonl").read_text().splitlines()]
        assert [(event["event"], [item["digest"] for item in event["images"]]) for event in events] == [
            ("delete", [digests["base"]]),
            ("answer", [digests["base"]]),
        ]
        assert cleaned("--apply")["outcomes"] == []
    finally:
        for name in ("cleaned-one", "cleaned-two"):
            account.lambda_.delete_function(FunctionName=name)
        account.ecr.delete_repository(repositoryName="clean-shop", force=True)


class _InTwoDays(datetime.datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]
        return datetime.datetime.now(tz) + datetime.timedelta(days=2)
