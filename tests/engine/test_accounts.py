"""``docs/accounts.md``: its app, deployed to two accounts of the control plane by the commands of the page."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import boto3

from tests import pages
from tests.engine.cdk_app import CdkApp

PAGE = pages.page("accounts.md")
PROD = "210987654321"


def test_the_commands_of_the_page(registry: str, control_plane: dict[str, str], tmp_path: Path) -> None:
    """Requirement: "several accounts (one lock, shared repository per account/region, bootstrap)"."""
    app = CdkApp.write(tmp_path / "project", "", registry, control_plane)
    pages.write(PAGE, app.project)
    code = app.project / "functions" / "shop" / "app.py"
    code.parent.mkdir(parents=True)
    code.write_text("def handler(event, context):\n    return 'sold'\n", encoding="utf-8")
    app.succeed(sys.executable, "-m", "optimizer", "pin", "--mirror", registry, "--image", "python3.13")
    for words, _ in pages.commands(PAGE):
        environment = {**app.environment, **(credentials(control_plane) if words[0] == "AWS_PROFILE=prod" else {})}
        pages.run([*words[1:], *app.options], app.project, environment)
    calls = [json.loads(line)["argv"] for line in app.log.read_text(encoding="utf-8").splitlines()]
    assert [call[0] for call in calls].count("build") == 1
    pushed = [name for call in calls if call[0] == "push" for name in call[1:]]
    tags = {name.partition(":")[2] for name in pushed}
    hosts = sorted(name.partition(".")[0] for name in pushed)
    assert (hosts, len(tags)) == (["123456789012", PROD], 1)
    for account in ({}, credentials(control_plane)):
        client = boto3.client(
            "lambda", region_name="eu-central-1", endpoint_url=control_plane["AWS_ENDPOINT_URL"], **keys({**control_plane, **account})
        )
        (uri,) = [
            client.get_function(FunctionName=item["FunctionName"])["Code"]["ImageUri"]
            for item in client.list_functions()["Functions"]
            if "Shop-Orders" in item["FunctionName"]
        ]
        assert uri.startswith(PROD if account else "123456789012") and uri.endswith(*tags)


def credentials(control_plane: dict[str, str]) -> dict[str, str]:
    """Variables with the credentials of a role in the other account."""
    client = boto3.client("sts", region_name="eu-central-1", endpoint_url=control_plane["AWS_ENDPOINT_URL"], **keys(control_plane))
    given = client.assume_role(RoleArn=f"arn:aws:iam::{PROD}:role/administrator", RoleSessionName="test")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


def keys(variables: dict[str, str]) -> dict[str, str]:
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    return {name.lower(): variables[name] for name in names if name in variables}
