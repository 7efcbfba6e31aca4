"""Amazon ECR and Lambda in memory, at the boundary of boto3's clients."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from optimizer.adapters.aws.asking import Asker
from optimizer.adapters.aws.reading import read_inventory
from optimizer.audit.inventory import Inventory
from optimizer.model.ecr import EcrRegistry
from tests.audit.account import ACCOUNT, OCI, REGION, digest, index, manifest

PLACE = EcrRegistry(account=ACCOUNT, region=REGION)
NOW = datetime.datetime(2026, 11, 29, tzinfo=datetime.timezone.utc)


@dataclass
class Image:
    """An image of named layers with sizes; with ``members``, an index of images of these names in its repository."""

    name: str
    layers: Mapping[str, int] = field(default_factory=dict)
    tags: Sequence[str] = ()
    age_days: int = 0
    members: Sequence[str] = ()
    archived: bool = False
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return digest(f"image {self.name}")

    @property
    def config(self) -> str:
        return digest(f"config {self.name}")

    @property
    def pushed(self) -> datetime.datetime:
        return NOW - datetime.timedelta(days=self.age_days)


@dataclass
class Fleet:
    """Repositories with their images, and functions with the (repository, image name) of each version, all in a place.

    The images of the functions lie in ``registry``, which may be that of another place.
    """

    repositories: Mapping[str, Sequence[Image]]
    functions: Mapping[str, Mapping[str, tuple[str, str]]]
    lifecycle: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    page: int = 3
    place: EcrRegistry = PLACE
    registry: EcrRegistry = PLACE
    listing: Callable[[], None] = lambda: None

    def read(self) -> Inventory:
        """The inventory of the fleet, by the project's own reader."""
        return read([self])

    def uri(self, repository: str, image: str) -> str:
        return f"{self.registry.host}/{repository}@{digest(f'image {image}')}"


def read(fleets: Sequence[Fleet]) -> Inventory:
    """The inventory of several places."""
    return read_inventory([Asker(fleet.place, {"ecr": Ecr(fleet), "lambda": Lambda(fleet)}) for fleet in fleets], lambda event: None)


class _Client:
    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        names = [name for name in dir(self) if not name.startswith("_") and callable(getattr(self, name))]
        self.meta = SimpleNamespace(method_to_api_mapping={name: name for name in names})

    def _page(self, key: str, items: Sequence[Any], token: str, given: str | None) -> dict[str, Any]:
        start = int(given or 0)
        end = start + self.fleet.page
        return {key: items[start:end], **({token: str(end)} if end < len(items) else {})}


def _missing(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "not there"}}, "call")


class Ecr(_Client):
    """The calls of ECR that an audit makes."""

    def describe_repositories(self, *, repositoryNames: Sequence[str] = (), nextToken: str | None = None, maxResults: int = 0) -> Any:
        if any(name not in self.fleet.repositories for name in repositoryNames):
            raise _missing("RepositoryNotFoundException")
        names = repositoryNames or [*self.fleet.repositories]
        items = [{"repositoryName": name, "repositoryArn": name, "createdAt": NOW} for name in names]
        return self._page("repositories", items, "nextToken", nextToken)

    def get_lifecycle_policy(self, *, repositoryName: str) -> Any:
        if repositoryName not in self.fleet.lifecycle:
            raise _missing("LifecyclePolicyNotFoundException")
        return {"lifecyclePolicyText": json.dumps({"rules": self.fleet.lifecycle[repositoryName]})}

    def get_repository_policy(self, *, repositoryName: str) -> Any:
        raise _missing("RepositoryPolicyNotFoundException")

    def describe_images(
        self, *, repositoryName: str, imageIds: Sequence[Mapping[str, str]] = (), nextToken: str | None = None, **_: Any
    ) -> Any:
        wanted = {item["imageDigest"] for item in imageIds}
        images = [image for image in self.fleet.repositories[repositoryName] if not wanted or image.digest in wanted]
        if wanted and not images:
            raise _missing("ImageNotFoundException")
        items = [
            {
                "imageDigest": image.digest,
                "imageTags": [*image.tags],
                "imagePushedAt": image.pushed,
                "imageSizeInBytes": sum(image.layers.values()),
                "imageStatus": "ARCHIVED" if image.archived else "ACTIVE",
            }
            for image in images
        ]
        return self._page("imageDetails", items, "nextToken", nextToken)

    def batch_get_image(self, *, repositoryName: str, imageIds: Sequence[Mapping[str, str]], acceptedMediaTypes: Sequence[str]) -> Any:
        held = {image.digest: image for image in self.fleet.repositories[repositoryName]}
        found = []
        for item in imageIds:
            image = held[item["imageDigest"]]
            document = (
                index(digest(f"image {name}") for name in image.members)
                if image.members
                else manifest(image.layers, f"config {image.name}", annotations=dict(image.annotations))
            )
            found.append({"imageId": dict(item), "imageManifest": json.dumps(document), "imageManifestMediaType": OCI})
        return {"images": found}

    def get_account_setting(self, *, name: str) -> Any:
        return {"name": name, "value": "ENABLED"}


class Lambda(_Client):
    """The calls of Lambda that an audit makes."""

    def list_functions(self, *, FunctionVersion: str, Marker: str | None = None) -> Any:
        self.fleet.listing()
        items = [
            {"FunctionName": name, "Version": version, "PackageType": "Image", "Architectures": ["arm64"], "MemorySize": 1769}
            for name, versions in self.fleet.functions.items()
            for version in versions
        ]
        return self._page("Functions", items, "NextMarker", Marker)

    def get_function(self, *, FunctionName: str, Qualifier: str) -> Any:
        repository, image = self.fleet.functions[FunctionName][Qualifier]
        uri = self.fleet.uri(repository, image)
        snapstart = {"ApplyOn": "PublishedVersions"} if FunctionName.endswith("snap") else {"ApplyOn": "None"}
        return {
            "Code": {"ImageUri": uri.partition("@")[0] + ":tag", "ResolvedImageUri": uri},
            "Configuration": {"FunctionName": FunctionName, "Version": Qualifier, "SnapStart": snapstart, "MemorySize": 1769},
        }

    def list_aliases(self, *, FunctionName: str) -> Any:
        return {"Aliases": []}
