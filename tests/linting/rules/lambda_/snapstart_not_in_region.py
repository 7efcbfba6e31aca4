from __future__ import annotations

from tests.linting.cases import Case, function
from tests.linting.snapstart import HIDDEN, restored

# https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html, and the Regions of cfn-lint 1.58.0 (E2530).
CATCHES: list[Case] = [
    Case(restored(region=region), (7,), f"SnapStart is not available in {region}")
    for region in ("ap-southeast-6", "ap-east-2", "cn-north-1", "us-gov-east-1")
]
PASSES: list[Case] = [
    *(Case(restored(region=region)) for region in ("us-east-1", "ap-east-1", "ap-southeast-7", "mx-central-1", "il-central-1", None)),
    Case(function(region="ap-east-2")),
    Case(function(region="ap-east-2", properties=HIDDEN), inconclusive=1),
    Case(function(region="eu-central-1", properties=HIDDEN)),
]
