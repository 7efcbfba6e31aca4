"""Logins for registries: private Amazon ECR, and what ``docker login`` has stored."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from optimizer.adapters.registry import Credentials, Login
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
                f'registry "{host}" wants a login through AWS, and boto3 is not installed',
                hint='pip install "lambda-image-optimizer[aws]"',
            ) from None

        try:
            data = make(region).get_authorization_token()["authorizationData"][0]
        except NoCredentialsError:
            raise RegistryError(
                f'registry "{host}" wants a login, and there are no AWS credentials',
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


class DockerConfigCredentials:
    """Logins that ``docker login`` stored in its configuration file, without credential helpers.

    ``path`` defaults to ``config.json`` under ``DOCKER_CONFIG`` or ``~/.docker``.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    def login(self, host: str) -> Login | None:
        """The stored login for a host; None when there is none.

        Raises RegistryError when the file cannot be read.
        """
        path = self._path or Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"
        try:
            auths = json.loads(path.read_bytes()).get("auths") or {}
            # Docker Hub's logins stand under the address of its first API.
            entry = auths.get("https://index.docker.io/v1/" if host == "docker.io" else host)
            encoded = entry["auth"] if entry and entry.get("auth") else ""
            username, _, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise RegistryError(
                f'the logins in "{path}" cannot be read: {error}',
                hint=f"mend the file, or log in again with `docker login {host}`",
            ) from None
        return Login(username=username, password=password) if username else None


class FirstOf:
    """The first login that any of several sources has."""

    def __init__(self, *sources: Credentials) -> None:
        self._sources = sources

    def login(self, host: str) -> Login | None:
        """The first source's login that is not None; None when no source has one."""
        for source in self._sources:
            found = source.login(host)
            if found is not None:
                return found
        return None


def default_credentials() -> Credentials:
    """Private ECR through AWS credentials, every other registry through ``docker login``."""
    return FirstOf(EcrCredentials(), DockerConfigCredentials())


def _boto3_client() -> Callable[[str], Any]:
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=10, read_timeout=30, retries={"mode": "standard", "max_attempts": 4})
    return lambda region: boto3.client("ecr", region_name=region, config=config)
