"""``optimizer clean`` on an account in moto."""

from __future__ import annotations

import datetime
import json
import re
import shlex
from pathlib import Path
from typing import Any

import botocore.client
import pytest
from botocore.validate import ParamValidator
from click.testing import CliRunner, Result
from moto.ecr.models import ecr_backends

from optimizer.cli.clean import command
from optimizer.errors import ConfigurationError, ContextError
from tests.audit.account import ACCOUNT, REGION, Account, index
from tests.audit.test_command import fill, watch

PAGE = (Path(__file__).parents[2] / "docs" / "clean.md").read_text(encoding="utf-8")
POLICY = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])["Statement"]


@pytest.fixture(autouse=True)
def place(account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    real = botocore.client.BaseClient._make_api_call

    def call(self: Any, operation: str, arguments: Any) -> Any:
        # moto 5.2.5 has no App Runner.
        if self.meta.service_model.service_name == "apprunner":
            return {"ServiceSummaryList": [{"ServiceArn": "arn"}]} if operation == "ListServices" else {"Service": {}}
        return real(self, operation, arguments)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)


@pytest.fixture
def images(account: Account) -> dict[str, str]:
    """Of the repository shop: ``used`` by a function, ``old`` and ``foreign`` by none; all old."""
    found = fill(account)
    age(90)
    return found


def age(days: int) -> None:
    for repository in ecr_backends[ACCOUNT][REGION].repositories.values():
        for image in repository.images:
            pushed = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)
            image.image_pushed_at = pushed.timestamp()  # type: ignore[assignment]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def cleaned(*arguments: str) -> dict[str, Any]:
    return dict(json.loads(run("shop", "--format", "json", *arguments).stdout))


def there(account: Account) -> set[str]:
    return {item["imageDigest"] for item in account.ecr.list_images(repositoryName="shop")["imageIds"]}


def candidates(data: dict[str, Any]) -> set[str]:
    return {item["digest"] for item in data["candidates"]}


class TestWhatGoes:
    def test_only_what_nothing_runs(self, account: Account, images: dict[str, str]) -> None:
        """Requirement: "what could be deleted safely, with the reasons and the bytes; it deletes only with --apply"."""
        data = cleaned()
        assert candidates(data) == {images["old"], images["foreign"]}
        assert data["freed_bytes"] == 2_000_200
        assert {item["digest"]: item["reason"] for item in data["kept"]} == {images["used"]: "api:$LATEST runs it"}
        assert there(account) == {images["used"], images["old"], images["foreign"]}

    def test_with_apply_it_is_gone_and_written_down(self, account: Account, images: dict[str, str]) -> None:
        data = cleaned("--apply", "--journal", "clean.jsonl")
        assert {item["state"] for item in data["outcomes"]} == {"deleted"}
        assert there(account) == {images["used"]}
        ask, answer = (json.loads(line) for line in Path("clean.jsonl").read_text().splitlines())
        assert (ask["event"], answer["event"]) == ("delete", "answer")
        assert {item["digest"] for item in ask["images"]} == {images["old"], images["foreign"]}
        assert {tuple(item["tags"]) for item in ask["images"]} == {("v2",), ("v4",)}

    def test_the_text_is_80_columns_wide(self, images: dict[str, str]) -> None:
        text = run("shop", "--apply").stdout
        assert text.startswith("2 images were to be deleted, 2.0 MB of layers; 1 kept\n")
        assert "  2  deleted" in text
        assert max(map(len, text.splitlines())) <= 80


class TestWhatStays:
    def test_what_was_pushed_recently(self, account: Account) -> None:
        fill(account)
        data = cleaned()
        assert not data["candidates"]
        assert "it was pushed less than 30 days ago" in {item["reason"] for item in data["kept"]}

    def test_members_of_an_index(self, account: Account, images: dict[str, str]) -> None:
        whole = account.push("shop", index([images["used"], images["old"]]), "all")
        age(90)
        data = cleaned()
        assert candidates(data) == {images["foreign"]}
        reasons = {item["digest"]: item["reason"] for item in data["kept"]}
        assert reasons[images["old"]] == "it is a member of an index"
        assert reasons[whole] == "an image of this index is in use"

    @pytest.mark.parametrize("principal", [{"AWS": "arn:aws:iam::999999999999:root"}, {"Service": "codebuild.amazonaws.com"}, "*"], ids=str)
    def test_a_repository_of_others(self, principal: Any, account: Account, images: dict[str, str]) -> None:
        statement = {"Effect": "Allow", "Principal": principal, "Action": "ecr:BatchGetImage"}
        account.ecr.set_repository_policy(repositoryName="shop", policyText=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        assert not candidates(cleaned("--apply"))
        assert len(there(account)) == 3

    def test_the_own_account_and_lambda_keep_nothing(self, account: Account, images: dict[str, str]) -> None:
        """The policy that functions and a publishing role need is no sign of other users."""
        principals = [{"AWS": f"arn:aws:iam::{ACCOUNT}:role/publishing"}, {"Service": "lambda.amazonaws.com"}]
        statements = [{"Effect": "Allow", "Principal": item, "Action": "ecr:BatchGetImage"} for item in principals]
        account.ecr.set_repository_policy(repositoryName="shop", policyText=json.dumps({"Version": "2012-10-17", "Statement": statements}))
        assert candidates(cleaned()) == {images["old"], images["foreign"]}

    @pytest.mark.parametrize("host", ["dkr.ecr.eu-central-1.amazonaws.com", "dkr-ecr.eu-central-1.on.aws"])
    def test_a_repository_that_another_service_names(self, host: str, account: Account, images: dict[str, str]) -> None:
        """Requirement: "never touches what it cannot prove unused (other services, task definitions, …)"."""
        import boto3

        definition = {"name": "web", "image": f"{ACCOUNT}.{host}/shop:v9", "memory": 128}
        boto3.client("ecs", REGION).register_task_definition(family="web", containerDefinitions=[definition])
        data = cleaned("--apply")
        assert {item["reason"] for item in data["kept"]} == {"ecs names its repository"}
        assert len(there(account)) == 3
        assert candidates(cleaned("--without", "ecs")) == {images["old"], images["foreign"]}


class TestWhatChangesMeanwhile:
    def test_a_version_that_is_published_after_the_plan(
        self, account: Account, images: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looks: list[str] = []

        def publish(action: str) -> None:
            looks.append(action)
            if looks.count("lambda:ListFunctions") == 2 and action == "lambda:ListFunctions":
                account.function("hotfix", "shop", images["old"])

        watch(monkeypatch, before=publish)
        result = run("shop", "--apply", "--format", "json")
        states = {item["digest"]: (item["state"], item["reason"]) for item in json.loads(result.stdout)["outcomes"]}
        assert states == {images["old"]: ("left", "hotfix:$LATEST runs it since the plan"), images["foreign"]: ("deleted", "")}
        assert result.exit_code == 1
        assert there(account) == {images["used"], images["old"]}

    def test_a_function_that_is_made_while_others_are_looked_at(
        self, account: Account, images: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looks: list[str] = []

        def make(action: str) -> None:
            looks.append(action)
            # Two versions are read for the plan, and two again.
            if looks.count("lambda:GetFunction") == 4 and action == "lambda:GetFunction":
                account.function("hotfix", "shop", images["old"])

        watch(monkeypatch, before=make)
        states = {item["digest"]: item["state"] for item in cleaned("--apply")["outcomes"]}
        assert states == {images["old"]: "left", images["foreign"]: "deleted"}

    def test_an_image_that_vanishes(self, account: Account, images: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        def delete(action: str) -> None:
            if action == "ecs:ListTaskDefinitions":
                account.ecr.batch_delete_image(repositoryName="shop", imageIds=[{"imageDigest": images["old"]}])

        watch(monkeypatch, before=delete)
        states = {item["digest"]: item["state"] for item in cleaned("--apply")["outcomes"]}
        assert states == {images["old"]: "gone", images["foreign"]: "deleted"}

    def test_an_interrupted_run_is_told(self, account: Account, images: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        def stop(action: str) -> None:
            if action == "ecr:BatchDeleteImage":
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            watch(patch, before=stop)
            result = run("shop", "--apply")
        assert (result.exit_code, result.stderr.splitlines()[-1]) == (
            130,
            "error: interrupted; optimizer-clean.jsonl says what was deleted",
        )
        again = run("shop", "--apply")
        assert re.search(r"warning: a run was interrupted at .*: 2 images of shop may have been deleted", again.stderr)
        assert "interrupted" not in run("shop", "--apply").stderr
        assert there(account) == {images["used"]}


class TestFaults:
    @pytest.mark.parametrize(
        ("action", "code"),
        [
            *((action, "AccessDeniedException") for action in POLICY[0]["Action"]),
            ("lambda:GetFunction", "ThrottlingException"),
            ("ecs:ListTaskDefinitions", "ThrottlingException"),
        ],
    )
    def test_what_cannot_be_read_keeps_what_it_may_hide(
        self, action: str, code: str, account: Account, images: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import boto3

        boto3.client("ecs", REGION).register_task_definition(
            family="web", containerDefinitions=[{"name": "web", "image": "web", "memory": 1}]
        )
        watch(monkeypatch, refuse=action, code=code)
        result = run("shop", "--apply")
        called = {"codebuild:BatchGetProjects", "sagemaker:DescribeModel"}
        assert (result.exit_code == 1 and action in result.stderr) or action in called
        assert images["used"] in there(account)
        harmless = {"ecr:GetAccountSetting", "ecr:GetLifecyclePolicy", "lambda:ListAliases", *called}
        assert len(there(account)) == (1 if action in harmless else 3)

    @pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException"])
    def test_a_refused_deletion_is_told(self, code: str, account: Account, images: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        watch(monkeypatch, refuse="ecr:BatchDeleteImage", code=code)
        result = run("shop", "--apply", "--format", "json")
        assert result.exit_code == 1
        assert {item["state"] for item in json.loads(result.stdout)["outcomes"]} == {"left"}
        assert all(item["reason"].startswith(f"ecr:BatchDeleteImage: {code}") for item in json.loads(result.stdout)["outcomes"])

    @pytest.mark.parametrize(
        ("failure", "reason"),
        [
            (
                {"failureCode": "ImageReferencedByManifestList", "failureReason": "Requested image referenced by manifest list"},
                "ImageReferencedByManifestList: Requested image referenced by manifest list",
            ),
            (
                {"failureCode": "ImageTagDoesNotMatchDigest", "failureReason": "the tag has moved"},
                "ImageTagDoesNotMatchDigest: the tag has moved",
            ),
            ({"failureCode": "KmsError"}, "KmsError"),
            ({}, "ECR gives no reason"),
        ],
    )
    def test_one_failure_of_a_batch_is_told_and_the_rest_goes(
        self, failure: dict[str, str], reason: str, account: Account, images: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Requirement: "nothing wrong reported, nothing lost, a clear message"; the answer of ECR has ``failures`` beside ``imageIds``."""
        real = botocore.client.BaseClient._make_api_call

        def call(self: Any, operation: str, arguments: Any) -> Any:
            if operation != "BatchDeleteImage":
                return real(self, operation, arguments)
            refused = [name for name in arguments["imageIds"] if name["imageDigest"] == images["old"]]
            rest = [name for name in arguments["imageIds"] if name not in refused]
            answer = real(self, operation, {**arguments, "imageIds": rest})
            # A failure that names no image is none of a candidate's.
            failures = [*({"imageId": name, **failure} for name in refused), {"failureCode": "InvalidImageDigest"}]
            answer = {**answer, "failures": [*answer.get("failures", ()), *failures]}
            shape = self.meta.service_model.operation_model(operation).output_shape
            assert not ParamValidator().validate({key: answer[key] for key in ("imageIds", "failures")}, shape).has_errors()
            return answer

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
        result = run("shop", "--apply", "--format", "json")
        assert result.exit_code == 1
        states = {item["digest"]: (item["state"], item["reason"]) for item in json.loads(result.stdout)["outcomes"]}
        assert states == {images["old"]: ("left", reason), images["foreign"]: ("deleted", "")}
        assert there(account) == {images["used"], images["old"]}
        journal = [json.loads(line) for line in Path("optimizer-clean.jsonl").read_text().splitlines()]
        assert {item["digest"]: item["state"] for item in journal[1]["images"]} == {images["old"]: "left", images["foreign"]: "deleted"}

    def test_the_policy_is_what_the_code_calls(self, account: Account, images: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        """Requirement: a policy with the permissions to write, in the docs."""
        called = watch(monkeypatch)
        run("shop", "--apply")
        # Nothing is described where nothing is listed.
        unasked = {"codebuild:BatchGetProjects", "ecs:DescribeTaskDefinition", "sagemaker:DescribeModel"}
        assert (called - {"sts:GetCallerIdentity"}) | unasked == {*POLICY[0]["Action"], POLICY[1]["Action"]}

    def test_of_names_and_journals(self, images: dict[str, str]) -> None:
        with pytest.raises(ConfigurationError, match='there is no repository "shpo"'):
            run("shpo")
        with pytest.raises(ContextError, match="cannot be written"):
            run("shop", "--apply", "--journal", "none/clean.jsonl")


@pytest.mark.parametrize("line", re.findall(r"^    (optimizer clean.*)$", PAGE, re.MULTILINE))
def test_a_command_of_the_page_works(line: str, images: dict[str, str]) -> None:
    """Requirement: "Every command shown in docs is run by a test"."""
    assert run(*shlex.split(line)[2:]).exit_code == 0


def test_every_key_is_documented(images: dict[str, str]) -> None:
    section = PAGE.partition("## JSON")[2].partition("## ")[0]
    assert {*cleaned()} == set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
