"""Questions to Lambda about runtimes, answered by botocore's Stubber, which checks both sides by the model of the API."""

from __future__ import annotations

import sys
from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber

from optimizer.adapters import lambda_core
from optimizer.adapters.lambda_core import LambdaCore
from optimizer.errors import ConfigurationError
from optimizer.model.runtime_check import VersionAnswer

IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/images:one"
EXPECTED = {"RuntimeName": "house-python", "Name": "v1", "ImageUri": IMAGE, "DryRun": True}
ARN = "arn:aws:lambda:eu-central-1:123456789012:runtime/house-python/version/v1"
TAKEN = {
    "Name": "v1",
    "Arn": ARN,
    "ResolvedUri": f"{IMAGE.partition(':')[0]}@sha256:{'0' * 64}",
    "State": "CREATING",
    "Platforms": [{"Architecture": name, "Os": "linux", "Digest": f"sha256:{'1' * 64}"} for name in ("amd64", "arm64")],
    "Compatibility": {"IntegrationModels": ["RuntimeAPI"], "Architectures": ["x86_64", "arm64"], "ManagedInstances": "NotSupported"},
    "Created": "2026-11-29T00:00:00Z",
    "LastModified": "2026-11-29T00:00:00Z",
}


def answer(response: dict[str, Any] | None = None, error: str = "", message: str = "") -> VersionAnswer:
    client = botocore.session.get_session().create_client(
        "lambda-core", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    with Stubber(client) as stub:
        if error:
            stub.add_client_error("create_runtime_version", error, message, expected_params=EXPECTED)
        else:
            stub.add_response("create_runtime_version", response or {}, EXPECTED)
        found = LambdaCore(lambda region: client).check_version("eu-central-1", "house-python", "v1", IMAGE)
        stub.assert_no_pending_responses()
        return found


def test_what_lambda_sees_in_an_image_is_told() -> None:
    """Requirement: "`CreateRuntimeVersion` with `DryRun` as a check before deployment (boto3)"."""
    assert answer(TAKEN) == VersionAnswer(state="taken", architectures=("x86_64", "arm64"), managed_instances="NotSupported")


def test_an_answer_without_compatibility_is_one() -> None:
    assert answer({key: value for key, value in TAKEN.items() if key != "Compatibility"}) == VersionAnswer(state="taken")


@pytest.mark.parametrize(
    ("code", "state", "says"),
    [
        ("InvalidParameterValueException", "refused", "the image has no entry point (InvalidParameterValueException)"),
        ("ServiceQuotaExceededException", "refused", "(ServiceQuotaExceededException)"),
        ("ResourceConflictException", "present", 'there is a version "v1" already'),
        ("ResourceNotFoundException", "unknown", 'there is no runtime "house-python" yet'),
        ("AccessDeniedException", "unknown", "Lambda did not judge it"),
        ("ServiceException", "unknown", "Lambda did not judge it"),
    ],
)
def test_a_refusal_is_told_from_what_could_not_be_judged(code: str, state: str, says: str) -> None:
    """What cannot be judged is said to be so."""
    found = answer(error=code, message="the image has no entry point")
    assert found.state == state
    assert says in found.reason


def test_missing_credentials_are_the_reason() -> None:
    client = botocore.session.get_session().create_client("lambda-core", region_name="eu-central-1")
    client._request_signer._credentials = None
    with pytest.raises(ConfigurationError, match="Lambda cannot be asked, as there are no AWS credentials"):
        LambdaCore(lambda region: client).check_version("eu-central-1", "house-python", "v1", IMAGE)


def test_an_older_botocore_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "where an older one is installed say so"."""
    monkeypatch.setattr(lambda_core, "_SERVICE", "lambda-core-of-tomorrow")
    with pytest.raises(ConfigurationError) as raised:
        LambdaCore().check_version("eu-central-1", "house-python", "v1", IMAGE)
    (fault,) = raised.value.faults
    assert f"botocore {botocore.__version__} does not know customer-managed runtimes" in fault.message
    assert "1.44.8" in fault.hint


def test_without_boto3_its_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(ConfigurationError, match="boto3, which is not installed") as raised:
        LambdaCore().check_version("eu-central-1", "house-python", "v1", IMAGE)
    assert "[aws]" in raised.value.faults[0].hint
