"""Where the images of every function of the shop are."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from constructs import Construct

from optimizer.cdk import SharedAssetRepository

REPOSITORY_NAME = "shop-functions"


class RepositoryStack(cdk.Stack):
    """The repository; one per account and Region, deployed before the stacks that use it."""

    def __init__(self, scope: Construct, id: str, **properties: Any) -> None:
        super().__init__(scope, id, description="Shop: the repository of all images", **properties)
        SharedAssetRepository(self, "Images", repository_name=REPOSITORY_NAME)
