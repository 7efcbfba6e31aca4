"""``optimizer audit`` on an account in moto."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import threading
from pathlib import Path
from typing import Any

import botocore.client
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from click.testing import CliRunner, Result

from optimizer.adapters.aws import sessions
from optimizer.adapters.images import base_layers
from optimizer.cli.audit import command
from optimizer.errors import ConfigurationError, ContextError
from tests.audit.account import ACCOUNT, REGION, Account, digest, index, manifest

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")
BASE = {"os": 24_000_000, "python": 90_000_000}
DEPENDENCIES = {**BASE, "dependencies": 40_000_000}
PULL = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def audited(*arguments: str) -> dict[str, Any]:
    return dict(json.loads(run("--format", "json", *arguments).stdout))


def fill(account: Account) -> dict[str, str]:
    """A mirror of a base, a repository with a function, and another with a copy of one image's layers."""
    for name in ("lambda/python", "shop", "other"):
        account.repository(name)
    images = {
        "base": account.push("lambda/python", manifest(BASE, "base"), "3.9"),
        "used": account.push("shop", manifest({**DEPENDENCIES, "code 1": 1_000_000}, "1"), "v1"),
        "old": account.push("shop", manifest({**DEPENDENCIES, "code 2": 1_000_000}, "2"), "v2"),
        "copy": account.push("other", manifest({**DEPENDENCIES, "code 2": 1_000_000}, "3"), "v2"),
        "foreign": account.push("shop", manifest({"own": 1_000_000}, "4"), "v4"),
    }
    account.function("api", "shop", images["used"])
    account.lambda_.publish_version(FunctionName="api")
    account.lambda_.create_alias(FunctionName="api", Name="live", FunctionVersion="1")
    return images


class TestWhatIsSaid:
    def test_of_a_function(self, account: Account) -> None:
        """Requirement: "Per function: image, base (by layer digests, …), runtime deprecation date, size, architecture, …"."""
        images = fill(account)
        (function,) = audited()["functions"]
        assert function["function"] == "api"
        assert (function["repository"], function["digest"], function["image_state"]) == ("shop", images["used"], "there")
        assert (function["base"], function["base_digest"]) == ("public.ecr.aws/lambda/python:3.9", images["base"])
        assert (function["base_sign"], function["base_current"]) == ("layers", True)
        assert (function["runtime"], function["runtime_deprecated_on"]) == ("python3.9", "2025-12-15")
        assert (function["bytes"], function["architecture"], function["published_versions"]) == (155_000_100, "arm64", 1)

    def test_of_versions_and_aliases(self, account: Account) -> None:
        fill(account)
        assert {item["version"]: item["aliases"] for item in audited()["versions"]} == {"$LATEST": [], "1": ["live"]}

    def test_of_repositories(self, account: Account) -> None:
        """Requirement: "bytes unique, shared, duplicated between repositories, stored and what that costs a month"."""
        fill(account)
        data = audited()
        shop = next(item for item in data["repositories"] if item["repository"] == "shop")
        assert shop["stored_bytes"] == 157_000_300
        assert (shop["unique_bytes"], shop["shared_bytes"]) == (3_000_300, 154_000_000)
        assert shop["elsewhere_bytes"] == 155_000_000
        assert (shop["unused_images"], shop["unused_bytes"]) == (2, 2_000_200)
        (place,) = data["places"]
        assert place["one_repository_bytes"] == 157_000_500
        assert place["duplicated_bytes"] == 155_000_000 + 114_000_000
        assert (place["blob_mounting"], place["cost"]) == (False, 0.04)

    def test_of_images_that_nothing_runs(self, account: Account) -> None:
        images = fill(account)
        assert {item["digest"] for item in audited()["unused"]} == set(images.values()) - {images["used"]}

    def test_of_a_policy_that_lets_others_pull(self, account: Account) -> None:
        """What cannot be proven unused is not said to be."""
        fill(account)
        statement = {**PULL, "Principal": {"AWS": "arn:aws:iam::999999999999:root"}}
        account.ecr.set_repository_policy(
            repositoryName="other", policyText=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        )
        doubts = {item["repository"]: item["doubt"] for item in audited()["unused"]}
        assert doubts == {
            "lambda/python": None,
            "shop": None,
            "other": "its policy lets others pull whose functions were not read: 999999999999",
        }

    def test_of_what_a_scanner_found(self, account: Account, tmp_path: Path) -> None:
        """Requirement: "Given a list of digests with known vulnerabilities: which functions carry them"."""
        images = fill(account)
        given = tmp_path / "digests"
        unknown = digest("never seen")
        given.write_text(f"# found on Monday\nregistry/shop@{images['used']} CVE-1\n{digest('python')}\n\n{unknown}\n{images['old']}\n")
        data = audited("--vulnerable", str(given))
        found = {item["digest"]: (item["kind"], [version["version"] for version in item["versions"]]) for item in data["vulnerable"]}
        assert found == {
            images["used"]: ("image", ["$LATEST", "1"]),
            digest("python"): ("layer", ["$LATEST", "1"]),
            unknown: ("not found", []),
            images["old"]: ("image", []),
        }
        assert run("--vulnerable", str(given)).exit_code == 1

    def test_of_an_image_that_is_gone_and_of_an_index(self, account: Account) -> None:
        """Requirement: "functions whose image is gone or an index"."""
        images = fill(account)
        whole = account.push("shop", index([images["used"]]), "all")
        account.function("lost", "shop", images["old"])
        account.function("several", "shop", whole)
        account.function("homeless", "other", images["copy"])
        account.ecr.batch_delete_image(repositoryName="shop", imageIds=[{"imageDigest": images["old"]}])
        account.ecr.delete_repository(repositoryName="other", force=True)
        states = {item["function"]: item["image_state"] for item in audited()["functions"]}
        assert states == {"api": "there", "lost": "gone", "several": "index", "homeless": "gone"}
        result = run()
        assert result.exit_code == 1
        assert "3  function versions cannot fetch their image: 2 gone, 1 an index" in result.stdout
        assert "LIO652 image-index" in result.stdout

    def test_by_the_rules_of_lint(self, account: Account) -> None:
        """Requirement: "what the account shows is judged by the lint's engine, by the same ids"."""
        fill(account)
        rules = {
            "rules": [
                {
                    "rulePriority": 1,
                    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1},
                    "action": {"type": "expire"},
                }
            ]
        }
        account.ecr.put_lifecycle_policy(repositoryName="shop", lifecyclePolicyText=json.dumps(rules))
        found = {(item["rule"], item["construct"]) for item in audited()["findings"]}
        shop, api = f"shop ({ACCOUNT}, {REGION})", f"api ({ACCOUNT}, {REGION})"
        assert found == {("LIO104", api), ("LIO704", shop), ("LIO705", shop)}

    def test_by_the_conventions_of_the_project_here(self, account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        fill(account)
        monkeypatch.chdir(tmp_path)
        (tmp_path / "optimizer.toml").write_text(
            '[conventions.severities]\nruntime-deprecated = "error"\n\n'
            '[[conventions.suppressions]]\nrules = ["LIO705"]\nconstruct = "shop*"\nreason = "one deployment at a time"\n'
        )
        assert {(item["rule"], item["severity"]) for item in audited()["findings"]} == {("LIO104", "error")}
        assert run().exit_code == 1

    def test_of_a_rule_that_takes_an_image_in_use(self, account: Account) -> None:
        """Requirement: "images that a life-cycle rule would delete or archive though a version uses them"."""
        images = fill(account)
        selection = {"tagStatus": "any", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 7}
        rules = {"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]}
        account.ecr.put_lifecycle_policy(repositoryName="shop", lifecyclePolicyText=json.dumps(rules))
        (item,) = audited()["endangered"]
        assert (item["digest"], item["rule"], item["action"], item["now"]) == (images["used"], "life-cycle rule 1", "expire", False)
        assert item["due"] is not None
        assert "1  image in use falls to a life-cycle rule: 1 later" in run().stdout

    def test_of_owners(self, account: Account) -> None:
        account.repository("tagged", tags=[{"Key": "team", "Value": "=cmd()"}])
        image = account.push("tagged", manifest(BASE), "v1")
        account.function("owned", "tagged", image, Tags={"team": "web"})
        data = audited("--owner-tag", "team")
        assert [item["owner"] for item in data["repositories"]] == ["=cmd()"]
        assert [item["owner"] for item in data["functions"]] == ["web"]
        # A spreadsheet would run it.
        assert "'=cmd()" in run("--owner-tag", "team", "--format", "csv", "--table", "repositories").stdout


class TestTheForms:
    def test_text_is_80_columns_wide(self, account: Account) -> None:
        """Requirement: "tables (80 columns)"."""
        fill(account)
        name = "a-function-with-a-very-long-name-as-frameworks-make-them-1234567"
        account.repository("a/repository/with/a/very-long-name-as/frameworks/make-them-1234567")
        image = account.push("a/repository/with/a/very-long-name-as/frameworks/make-them-1234567", manifest(DEPENDENCIES), "v1")
        account.function(name, "a/repository/with/a/very-long-name-as/frameworks/make-them-1234567", image)
        assert max(map(len, run().stdout.splitlines())) <= 80

    def test_csv_holds_every_row(self, account: Account) -> None:
        fill(account)
        rows = [*csv.DictReader(io.StringIO(run("--format", "csv", "--table", "versions").stdout))]
        assert [(row["function"], row["version"]) for row in rows] == [("api", "$LATEST"), ("api", "1")]

    def test_an_empty_account_is_a_report_too(self, account: Account) -> None:
        result = run()
        assert (result.exit_code, result.stdout.splitlines()[0]) == (
            0,
            "0 image functions with 0 versions, 0 images in 0 repositories, in 1 account and",
        )

    def test_every_key_is_documented(self, account: Account) -> None:
        """Requirement: "JSON (documented)"."""
        section = PAGE.partition("## JSON")[2]
        assert {*audited()} == {key for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for key in re.findall(r"`(\w+)`", row)}


class TestWhatMayBeRead:
    def actions(self) -> set[str]:
        policy = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])
        return set(policy["Statement"][0]["Action"])

    def test_the_policy_is_what_the_code_calls(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        """Requirement: "read-only permissions, listed in docs as a policy"."""
        fill(account)
        called = watch(monkeypatch)
        run("--owner-tag", "team")
        # Tags come with GetFunction, for callers that may list them.
        assert called - {"sts:GetCallerIdentity"} | {"lambda:ListTags"} == self.actions()

    def test_nothing_of_it_writes(self) -> None:
        assert all(action.partition(":")[2].startswith(("Get", "List", "Describe", "BatchGet")) for action in self.actions())

    @pytest.mark.parametrize(
        "action",
        [
            "ecr:BatchGetImage",
            "ecr:DescribeImages",
            "ecr:DescribeRepositories",
            "ecr:GetAccountSetting",
            "ecr:GetLifecyclePolicy",
            "ecr:GetRepositoryPolicy",
            "lambda:GetFunction",
            "lambda:ListAliases",
            "lambda:ListFunctions",
        ],
    )
    def test_a_missing_permission_is_named(self, action: str, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        """Requirement: "partial results marked as partial when a permission is missing (and which one)"; nothing wrong is reported."""
        fill(account)
        whole = audited()
        watch(monkeypatch, refuse=action, code="AccessDeniedException")
        result = run("--format", "json")
        data = json.loads(result.stdout)
        assert result.exit_code == 1
        assert {gap["action"] for gap in data["gaps"]} == {action}
        assert {gap["kind"] for gap in data["gaps"]} == {"permission"}
        assert data["partial"] is True
        assert f"no permission for {action}" in " ".join(run().stdout.split())
        # What is said is true of the whole account too.
        assert all(item["image_state"] in ("there", "unknown") for item in data["versions"])
        assert {item["digest"] for item in data["unused"] if not item["doubt"]} <= {item["digest"] for item in whole["unused"]}
        assert {*map(str, data["endangered"])} <= {*map(str, whole["endangered"])}
        assert {item["base"] for item in data["functions"]} <= {item["base"] for item in whole["functions"]} | {None}

    def test_throttling_is_told_from_a_refusal(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        fill(account)
        watch(monkeypatch, refuse="lambda:GetFunction", code="TooManyRequestsException")
        data = audited()
        assert {gap["kind"] for gap in data["gaps"]} == {"throttled"}
        assert all(item["doubt"] for item in data["unused"])

    @pytest.mark.parametrize("action", ["sts:GetCallerIdentity", "ecr:DescribeImages", "lambda:GetFunction"])
    def test_expired_credentials_end_it_with_nothing_reported(self, action: str, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        """Requirement: "expired credentials […]: nothing wrong reported, […], a clear message"."""
        fill(account)
        watch(monkeypatch, refuse=action, code="ExpiredTokenException")
        with pytest.raises(ConfigurationError, match="ExpiredTokenException") as raised:
            run()
        assert "aws sso login" in raised.value.faults[0].hint

    def test_what_vanishes_meanwhile_is_left_out_and_counted(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        """Requirement: "vanishing images injected: nothing wrong reported"."""
        images = fill(account)
        gone = [False]

        def delete(action: str) -> None:
            if action == "ecr:BatchGetImage" and not gone[0]:
                gone[0] = True
                account.ecr.batch_delete_image(repositoryName="shop", imageIds=[{"imageDigest": images["old"]}])
                account.ecr.delete_repository(repositoryName="other", force=True)
            if action == "lambda:ListAliases":
                account.lambda_.delete_function(FunctionName="api")

        watch(monkeypatch, before=delete)
        data = audited()
        assert data["places"][0]["vanished"] == {"function": 1, "image": 2}
        assert {item["digest"] for item in data["unused"]} == {images["base"], images["foreign"]}
        assert data["partial"] is False

    def test_an_image_that_was_pushed_meanwhile_is_not_gone(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        fill(account)
        pushed: list[str] = []

        def push(action: str) -> None:
            if action == "lambda:ListFunctions" and not pushed:
                account.repository("new")
                for name in ("shop", "new"):
                    pushed.append(account.push(name, manifest({**BASE, "new": 5}, f"new {name}"), "new"))
                    account.function(f"new-{name}", name, pushed[-1])

        watch(monkeypatch, before=push)
        data = audited()
        assert {item["function"]: item["image_state"] for item in data["functions"]} == {
            "api": "there",
            "new-shop": "there",
            "new-new": "there",
        }


def watch(monkeypatch: pytest.MonkeyPatch, *, refuse: str = "", code: str = "", before: Any = None, region: str = "") -> set[str]:
    """The actions that are called from now on, of which one, or with ``*`` each, is refused, in one Region or in all."""
    called: set[str] = set()
    lock = threading.Lock()
    real = botocore.client.BaseClient._make_api_call

    def call(self: Any, operation: str, arguments: Any) -> Any:
        action = f"{self.meta.service_model.service_name}:{operation}"
        ours = "audit" in (self.meta.config.user_agent_extra or "")
        if ours:
            called.add(action)
            if refuse in (action, "*") and region in ("", self.meta.region_name):
                raise ClientError({"Error": {"Code": code, "Message": "User: somebody is not authorized"}}, operation)
            if before:
                # The first of several threads changes the account before any of them goes on.
                with lock:
                    before(action)
        return real(self, operation, arguments)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    return called


class TestSeveralPlaces:
    ROLE = "arn:aws:iam::210987654321:role/audit"

    def test_accounts_are_read_by_role_and_regions_by_name(self, account: Account) -> None:
        """Requirement: "profiles, Regions, accounts by role"."""
        fill(account)
        data = audited("--region", REGION, "--region", "eu-west-1", "--role", self.ROLE, "--role", self.ROLE)
        assert [(place["account"], place["region"]) for place in data["places"]] == [
            ("210987654321", REGION),
            ("210987654321", "eu-west-1"),
        ]
        assert data["functions"] == []

    @pytest.mark.parametrize("code", ["UnrecognizedClientException", "InvalidClientTokenId"])
    @pytest.mark.parametrize("first", [True, False])
    def test_a_region_that_is_not_enabled_is_a_gap(self, code: str, first: bool, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        """AWS says there that it does not know the credentials, and the other Regions do."""
        fill(account)
        watch(monkeypatch, refuse="*", code=code, region="me-south-1")
        regions = ["me-south-1", REGION] if first else [REGION, "me-south-1"]
        result = run("--format", "json", *(word for region in regions for word in ("--region", region)))
        data = json.loads(result.stdout)
        assert (result.exit_code, data["partial"], len(data["functions"])) == (1, True, 1)
        assert {(gap["region"], gap["kind"]) for gap in data["gaps"]} == {("me-south-1", "unavailable")}
        assert all("me-south-1 is not enabled for the account: " in gap["reason"] for gap in data["gaps"])
        assert "me-south-1 is not enabled" in result.stderr
        by_role = audited("--region", "me-south-1", "--region", REGION, "--role", self.ROLE)
        assert {gap["region"] for gap in by_role["gaps"]} == {"me-south-1"}

    def test_a_region_without_the_setting_of_blob_mounting_lacks_nothing(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        watch(monkeypatch, refuse="ecr:GetAccountSetting", code="InvalidParameterException")
        data = audited()
        assert (data["partial"], data["places"][0]["blob_mounting"]) == (False, None)
        assert run().exit_code == 0

    def test_a_region_that_does_not_answer_is_no_matter_of_credentials(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        def unreachable(*_: Any) -> Any:
            raise EndpointConnectionError(endpoint_url="https://sts.eu-centrall-1.amazonaws.com/")

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", unreachable)
        with pytest.raises(ConfigurationError, match='Could not connect to the endpoint URL: "https://sts.eu-centrall-1') as raised:
            run("--region", "eu-centrall-1")
        assert raised.value.faults[0].hint == "check the name of the Region and the network"

    def test_credentials_that_no_region_knows_end_it(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        watch(monkeypatch, refuse="*", code="InvalidClientTokenId")
        with pytest.raises(ConfigurationError, match="AWS does not say who is asking: InvalidClientTokenId") as raised:
            run("--region", REGION, "--region", "me-south-1")
        assert "a Region that is not enabled" in raised.value.faults[0].hint

    def test_a_role_that_cannot_be_assumed_is_named(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        watch(monkeypatch, refuse="sts:AssumeRole", code="AccessDenied")
        with pytest.raises(ConfigurationError, match=f'the role "{self.ROLE}" cannot be assumed: AccessDenied'):
            run("--role", self.ROLE)


class TestWrongUse:
    def test_of_profiles_and_regions(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(ConfigurationError, match='there is no AWS profile "shpo"'):
            run("--profile", "shpo")
        with pytest.raises(ConfigurationError, match='"eu central" is not the name of a Region'):
            run("--region", "eu central")
        monkeypatch.delenv("AWS_DEFAULT_REGION")
        with pytest.raises(ConfigurationError, match="no Region is given"):
            run()

    def test_of_a_list_of_digests(self, account: Account, tmp_path: Path) -> None:
        given = tmp_path / "digests"
        given.write_text("CVE-2026-1\nsha256:12\n")
        with pytest.raises(ContextError) as raised:
            run("--vulnerable", str(given))
        assert [fault.place for fault in raised.value.faults] == [f"{given}:1", f"{given}:2"]
        with pytest.raises(ContextError, match="cannot be read"):
            run("--vulnerable", str(tmp_path / "none"))

    def test_of_a_lock_that_is_not_there(self, account: Account, tmp_path: Path) -> None:
        with pytest.raises(ContextError, match="there is no lock"):
            run("--lock", str(tmp_path / "optimizer.lock"))

    def test_without_boto3_its_package_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "boto3", None)
        with pytest.raises(ConfigurationError, match="boto3, which is not installed"):
            sessions.open_places(None, [], [])


@pytest.mark.parametrize("line", re.findall(r"^    (optimizer audit.*)$", PAGE, re.MULTILINE))
def test_a_command_of_the_page_works(line: str, account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "Every command shown in docs is run by a test"."""
    fill(account)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(base_layers, "fetch_base_layers", lambda *_: [])
    (tmp_path / "digests.txt").write_text(digest("elsewhere"))
    result = run(*shlex.split(line)[2:])
    assert result.exit_code == 0
    assert result.stdout or [path for path in tmp_path.glob("audit.*") if path.stat().st_size]


def test_the_page_shows_what_is_printed(account: Account) -> None:
    fill(account)
    shown = "\n".join(line[4:] for line in PAGE.partition("wants to know:\n\n")[2].partition("\nThen come")[0].splitlines()).strip("\n")
    assert run().stdout.startswith(shown)
