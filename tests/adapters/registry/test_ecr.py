from __future__ import annotations

import base64
import sys
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from optimizer.adapters.registry.ecr import EcrCredentials, ecr_region
from optimizer.adapters.registry.login import Login
from optimizer.bases.mirror import Mirror
from optimizer.errors import RegistryError
from optimizer.model.reference import ImageReference

HOST = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"


class EcrClient:
    """Answers as boto3's ECR client does, or raises."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.regions: list[str] = []

    def __call__(self, region: str) -> EcrClient:
        self.regions.append(region)
        return self

    def get_authorization_token(self) -> dict[str, Any]:
        if self.error is not None:
            raise self.error
        return {"authorizationData": [{"authorizationToken": base64.b64encode(b"AWS:se:cret").decode()}]}


@pytest.mark.parametrize(
    ("host", "region"),
    [
        (HOST, "eu-west-1"),
        ("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("public.ecr.aws", None),
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com.example.com", None),
        ("x.111122223333.dkr.ecr.eu-west-1.amazonaws.com", None),
    ],
)
def test_only_private_ecr_hosts_are_known(host: str, region: str | None) -> None:
    assert ecr_region(host) == region


def test_one_login_serves_a_region() -> None:
    client = EcrClient()
    credentials = EcrCredentials(client)
    assert credentials.login(HOST) == Login(username="AWS", password="se:cret")
    assert credentials.login(HOST) == credentials.login(HOST.replace("1111", "2222"))
    assert credentials.login("public.ecr.aws") is None
    assert client.regions == ["eu-west-1"]


def test_a_login_never_shows_its_password() -> None:
    assert "se:cret" not in repr(EcrCredentials(EcrClient()).login(HOST))


def test_a_pull_through_cache_gets_the_login_of_its_host() -> None:
    mirror = Mirror.parse({"public.ecr.aws": f"{HOST}/ecr-public"})
    source = mirror.apply(ImageReference.parse("public.ecr.aws/lambda/python:3.13"))
    assert str(source) == f"{HOST}/ecr-public/lambda/python:3.13"
    assert EcrCredentials(EcrClient()).login(source.registry) is not None


def test_real_boto3_gives_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    from moto import mock_aws

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        login = EcrCredentials().login(HOST)
    assert login is not None
    assert login.username == "AWS"
    assert login.password


def test_fails_without_aws_credentials() -> None:
    with pytest.raises(RegistryError) as raised:
        EcrCredentials(EcrClient(NoCredentialsError())).login(HOST)
    assert str(raised.value) == (
        f'registry "{HOST}" requires a login, and there are no AWS credentials\n'
        "  hint: log in to AWS, for example with `aws sso login`, or set AWS_PROFILE"
    )


def test_fails_when_aws_refuses() -> None:
    error = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetAuthorizationToken")
    with pytest.raises(RegistryError) as raised:
        EcrCredentials(EcrClient(error)).login(HOST)
    assert str(raised.value) == (
        f'AWS gives no login for registry "{HOST}": '
        "An error occurred (AccessDeniedException) when calling the GetAuthorizationToken operation: no\n"
        "  hint: check that the AWS credentials are fresh and may call ecr:GetAuthorizationToken"
    )


def test_fails_for_an_unknown_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    with pytest.raises(RegistryError, match=r"The config profile \(no-such-profile\) could not be found"):
        EcrCredentials().login(HOST)


@pytest.mark.parametrize("module", ["boto3", "botocore.exceptions"])
def test_fails_without_boto3(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(RegistryError) as raised:
        EcrCredentials().login(HOST)
    assert str(raised.value) == (
        f'registry "{HOST}" requires a login through AWS, and boto3 is not installed\n  hint: pip install "lambda-image-optimizer[aws]"'
    )
