"""The hosts of private Amazon ECR registries.

Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_HOST = re.compile(r"(?P<account>\d{12})\.dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class EcrRegistry:
    """The registry of an account in a region."""

    account: str
    region: str

    @classmethod
    def parse(cls, host: str) -> EcrRegistry | None:
        """The registry behind a host; None for a host that is not Amazon ECR's."""
        match = _HOST.fullmatch(host)
        return cls(account=match["account"], region=match["region"]) if match else None

    @property
    def host(self) -> str:
        """The host that images are pushed to."""
        suffix = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        return f"{self.account}.dkr.ecr.{self.region}.{suffix}"

    def specialize(self, text: str) -> str:
        """The text with account and region in place of CDK's placeholders."""
        return text.replace("${AWS::AccountId}", self.account).replace("${AWS::Region}", self.region)
