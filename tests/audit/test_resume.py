"""Audits that were ended, and go on."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import botocore.client
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from optimizer.adapters.aws.kept import HOURS, Kept
from optimizer.audit.inventory import FunctionVersion
from optimizer.cli.audit import command
from optimizer.errors import ConfigurationError, ContextError
from tests.audit.account import Account, manifest
from tests.audit.fake import PLACE

FILE = "audit.resume"
ASKED = ("GetFunction", "BatchGetImage")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["--format", "json", *arguments], catch_exceptions=False)


def audited(*arguments: str) -> dict[str, Any]:
    return {key: value for key, value in json.loads(run(*arguments).stdout).items() if key != "time"}


def counted(patch: pytest.MonkeyPatch, refused: str = "", code: str = "") -> Counter[str]:
    """The calls from now on, of which one is refused; moto has no revisions of versions, and no account settings."""
    called: Counter[str] = Counter()
    real = botocore.client.BaseClient._make_api_call

    def call(self: Any, operation: str, arguments: Any) -> Any:
        called[operation] += 1
        if operation == refused:
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, operation)
        if operation == "GetAccountSetting":
            return {"name": "BLOB_MOUNTING", "value": "ENABLED"}
        answer = real(self, operation, arguments)
        if operation == "ListFunctions":
            answer["Functions"] = [{"RevisionId": f"1{item.get('Description', '')}", **item} for item in answer["Functions"]]
        return answer

    patch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    return called


@pytest.fixture
def ended(account: Account, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What an audit reports; another one ended when the credentials did, and left its file."""
    # Every image has layers of its own: moto makes digests of these alone.
    account.repository("shop")
    account.repository("other")
    used = account.push("shop", manifest({"os": 24_000_000, "code 1": 1_000_000}, "1"), "v1")
    account.push("shop", manifest({"os": 24_000_000, "code 2": 1_000_000}, "2"), "v2")
    account.push("other", manifest({"os": 24_000_000, "code 3": 1_000_000}, "3"), "v3")
    account.function("api", "shop", used)
    account.lambda_.publish_version(FunctionName="api")
    with monkeypatch.context() as patch:
        counted(patch)
        whole = audited()
    with monkeypatch.context() as patch:
        counted(patch, "ListAliases", "ExpiredTokenException")
        with pytest.raises(ConfigurationError, match="AWS does not take the credentials"):
            run("--resume", FILE)
    assert Path(FILE).stat().st_mode & 0o777 == 0o600
    return whole


def test_what_was_read_is_not_asked_for_again_and_the_report_is_the_same(ended: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "resumable"; lists are read anew, so that nothing that is reported is older than the run."""
    called = counted(monkeypatch)
    assert audited("--resume", FILE) == ended
    assert not any(called[name] for name in ASKED)
    assert all(called[name] for name in ("DescribeRepositories", "DescribeImages", "ListFunctions", "ListAliases"))
    assert not Path(FILE).exists(), "an audit that lacks nothing leaves nothing"


def test_what_has_changed_since_is_read_anew(account: Account, ended: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    account.lambda_.update_function_configuration(FunctionName="api", Description="another", MemorySize=1024)
    called = counted(monkeypatch)
    audited("--resume", FILE)
    assert called["GetFunction"] == 1, "$LATEST, and not the version"


def test_the_file_stays_while_a_permission_is_missing(ended: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "partial results marked as partial when a permission is missing (and which one)"."""
    with monkeypatch.context() as patch:
        counted(patch, "GetLifecyclePolicy", "AccessDeniedException")
        partial = audited("--resume", FILE)
    assert partial["partial"]
    assert {gap["action"] for gap in partial["gaps"]} == {"ecr:GetLifecyclePolicy"}
    called = counted(monkeypatch)
    assert audited("--resume", FILE) == ended
    assert not any(called[name] for name in ASKED)


def test_a_line_that_was_cut_off_spoils_nothing(ended: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    text = Path(FILE).read_text()
    Path(FILE).write_text(text[: len(text) - 20])
    called = counted(monkeypatch)
    assert audited("--resume", FILE) == ended
    assert sum(called[name] for name in ASKED) == 1


def test_what_lambda_said_counts_for_a_time_and_manifests_for_ever(tmp_path: Path) -> None:
    """A function gets inactive or fails without a new revision."""
    version = FunctionVersion(place=PLACE, function="api", version="1", resolved="x@sha256:1", state="Active", properties={"Timeout": 3})
    first = Kept(tmp_path / FILE, 0)
    first.keep_version(("api", "1"), version)
    first.keep_manifest("sha256:1", "{}", "type")
    first.close(whole=False)
    for now, expected in ((HOURS * 3600 - 1, version), (HOURS * 3600, None)):
        again = Kept(tmp_path / FILE, now)
        assert again.version(PLACE, ("api", "1")) == expected
        assert again.manifest("sha256:1") == ("{}", "type")
        again.close(whole=False)


def test_another_file_is_left_alone(account: Account) -> None:
    Path("notes.txt").write_text("mine\n")
    with pytest.raises(ContextError, match="holds no audit that was ended"):
        run("--resume", "notes.txt")
    assert Path("notes.txt").read_text() == "mine\n"
    with pytest.raises(ContextError, match="cannot be written"):
        run("--resume", "none/audit.resume")
