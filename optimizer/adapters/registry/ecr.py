"""Logins for private Amazon ECR registries, through AWS credentials."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from optimizer.adapters import record
from optimizer.adapters.registry.login import Login
from optimizer.errors import RegistryError
from optimizer.model.ecr import EcrRegistry


def ecr_region(host: str) -> str | None:
    """The AWS region of a private ECR registry's host; None for any other host."""
    registry = EcrRegistry.parse(host)
    return registry.region if registry else None


class EcrCredentials:
    """Logins for private ECR registries, mirrors and pull-through caches among them.

    ``client`` makes an ECR client for a region; by default boto3's, with the
    usual chain of AWS credentials.  One call per region and process.
    """

    def __init__(self, client: Callable[[str], Any] | None = None) -> None:
        self._client = client
        self._logins: dict[str, Login] = {}

    def login(self, host: str) -> Login | None:
        """The login for a private ECR host; None for any other host.

        Raises RegistryError when boto3 or AWS credentials are missing, or AWS refuses.
        """
        region = ecr_region(host)
        if region is None:
            return None
        if region not in self._logins:
            self._logins[region] = self._ask(host, region)
        return self._logins[region]

    def _ask(self, host: str, region: str) -> Login:
        # Imported here: boto3 is an extra, and heavy.
        try:
            from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

            make = self._client or _boto3_client()
        except ImportError:
            raise RegistryError(
                f'registry "{host}" requires a login through AWS, and boto3 is not installed',
                hint='pip install "lambda-image-optimizer[aws]"',
            ) from None

        try:
            data = make(region).get_authorization_token()["authorizationData"][0]
        except NoCredentialsError:
            raise RegistryError(
                f'registry "{host}" requires a login, and there are no AWS credentials',
                hint="log in to AWS, for example with `aws sso login`, or set AWS_PROFILE",
            ) from None
        except (BotoCoreError, ClientError) as error:
            raise RegistryError(
                f'AWS gives no login for registry "{host}": {error}',
                hint="check that the AWS credentials are fresh and may call ecr:GetAuthorizationToken",
            ) from None
        # https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_AuthorizationData.html
        username, _, password = base64.b64decode(data["authorizationToken"]).decode("utf-8").partition(":")
        return Login(username=username, password=password)


def _boto3_client() -> Callable[[str], Any]:
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=10, read_timeout=30, retries={"mode": "standard", "max_attempts": 4})

    def made(region: str) -> Any:
        client = boto3.client("ecr", region_name=region, config=config)
        record.tell_calls(client.meta.events)
        return client

    return made
