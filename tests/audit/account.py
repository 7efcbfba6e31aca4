"""An account in moto, with images as manifests alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import boto3

REGION = "eu-central-1"
ACCOUNT = "123456789012"
OCI = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"


def digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def manifest(layers: Mapping[str, int], config: str = "config", **more: Any) -> dict[str, Any]:
    """A manifest of named layers with their sizes."""
    return {
        "schemaVersion": 2,
        "mediaType": OCI,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(config), "size": 100},
        "layers": [
            {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest(name), "size": size}
            for name, size in layers.items()
        ],
        **more,
    }


def index(members: Iterable[str]) -> dict[str, Any]:
    """An index of images."""
    return {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [{"mediaType": OCI, "digest": name, "size": 1} for name in members]}


class Account:
    """Fills moto's account; inside ``mock_aws``."""

    def __init__(self) -> None:
        self.ecr = boto3.client("ecr", REGION)
        self.lambda_ = boto3.client("lambda", REGION)
        iam = boto3.client("iam", REGION)
        self._role = iam.create_role(RoleName="functions", AssumeRolePolicyDocument="{}")["Role"]["Arn"]

    def repository(self, name: str, **more: Any) -> None:
        self.ecr.create_repository(repositoryName=name, **more)

    def push(self, repository: str, document: Mapping[str, Any], *tags: str) -> str:
        """The digest that ECR gives the image."""
        text = json.dumps(document)
        for tag in tags:
            answer = self.ecr.put_image(
                repositoryName=repository, imageManifest=text, imageTag=tag, imageManifestMediaType=document["mediaType"]
            )
        return str(answer["image"]["imageId"]["imageDigest"])

    def function(self, name: str, repository: str, image: str, **more: Any) -> None:
        self.lambda_.create_function(
            FunctionName=name,
            PackageType="Image",
            Role=self._role,
            Code={"ImageUri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{repository}@{image}"},
            **{"Architectures": ["arm64"], "MemorySize": 512, **more},
        )
