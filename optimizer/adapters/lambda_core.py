"""Asks Lambda about customer-managed runtimes, by its API ``lambda-core``.

Source: https://docs.aws.amazon.com/lambda/latest/lambda-core/API_CreateRuntimeVersion.html
and the model in botocore 1.44.8, which has the service.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from optimizer.adapters import record
from optimizer.errors import ConfigurationError
from optimizer.model.runtime_check import VersionAnswer

_SERVICE = "lambda-core"


class LambdaCore:
    """Questions that change nothing; ``client`` makes a client for a Region, by default boto3's with the usual chain of AWS credentials."""

    def __init__(self, client: Callable[[str], Any] | None = None) -> None:
        self._make = client or _boto3_client
        self._clients: dict[str, Any] = {}

    def check_version(self, region: str, runtime: str, version: str, image: str) -> VersionAnswer:
        """What Lambda would say to a version of a runtime; nothing is made.

        Raises :class:`ConfigurationError` where Lambda cannot be asked: boto3
        or credentials are missing, or boto3 is too old.
        """
        try:
            from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
        except ImportError:
            raise _no_boto3() from None
        client = self._client(region)
        try:
            answer = client.create_runtime_version(RuntimeName=runtime, Name=version, ImageUri=image, DryRun=True)
        except NoCredentialsError:
            raise ConfigurationError(
                "Lambda cannot be asked, as there are no AWS credentials",
                hint="log in to AWS, for example with `aws sso login`, or set AWS_PROFILE",
            ) from None
        except ClientError as error:
            return _refusal(error.response.get("Error", {}), runtime, version)
        except BotoCoreError as error:
            raise ConfigurationError(
                f"Lambda cannot be asked in {region}: {error}", hint="check the Region, the network and the proxy settings"
            ) from None
        found = answer.get("Compatibility") or {}
        return VersionAnswer(
            state="taken",
            architectures=tuple(found.get("Architectures") or ()),
            managed_instances=str(found.get("ManagedInstances") or ""),
        )

    def _client(self, region: str) -> Any:
        if region not in self._clients:
            self._clients[region] = self._make(region)
        return self._clients[region]


def _refusal(error: dict[str, Any], runtime: str, version: str) -> VersionAnswer:
    code, message = str(error.get("Code", "")), str(error.get("Message", ""))
    if code == "ResourceNotFoundException":
        # The first version of a runtime can be checked when there is a runtime.
        return VersionAnswer(
            state="unknown", reason=f'there is no runtime "{runtime}" yet, and Lambda checks versions of a runtime: {message}'
        )
    if code == "ResourceConflictException":
        return VersionAnswer(state="present", reason=f'there is a version "{version}" already: {message}')
    if code in (
        "AccessDeniedException",
        "UnrecognizedClientException",
        "ExpiredTokenException",
        "TooManyRequestsException",
        "ServiceException",
    ):
        return VersionAnswer(state="unknown", reason=f"Lambda did not judge it: {message} ({code})")
    return VersionAnswer(state="refused", reason=f"{message} ({code})" if code else message)


def _boto3_client(region: str) -> Any:
    # Imported here: boto3 is an extra, and heavy.
    try:
        import boto3
        import botocore
        from botocore.config import Config
        from botocore.exceptions import UnknownServiceError
    except ImportError:
        raise _no_boto3() from None
    config = Config(connect_timeout=10, read_timeout=60, retries={"mode": "standard", "max_attempts": 4})
    try:
        client = boto3.client(_SERVICE, region_name=region, config=config)
    except UnknownServiceError:
        raise ConfigurationError(
            f"botocore {botocore.__version__} does not know customer-managed runtimes (the service {_SERVICE}); 1.44.8 does",
            hint='pip install --upgrade "botocore>=1.44.8" boto3',
        ) from None
    record.tell_calls(client.meta.events)
    return client


def _no_boto3() -> ConfigurationError:
    return ConfigurationError("Lambda is asked by boto3, which is not installed", hint='pip install "lambda-image-optimizer[aws]"')
