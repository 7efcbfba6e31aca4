from __future__ import annotations

from tests.linting.cases import PYTHON, Case, image

HOST = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
ASSETS = "cdk-hnb659fds-container-assets-${AWS::AccountId}-${AWS::Region}"


def cached(*images: str) -> Case:
    return Case(image(f"FROM {PYTHON}", repository=ASSETS, cache_to=images))


def caught(*images: str) -> Case:
    return Case(image(f"FROM {PYTHON}", repository=ASSETS, cache_to=images), (0,), "writes its cache to")


CATCHES: list[Case] = [
    caught(f"{HOST}/cdk-hnb659fds-container-assets-111122223333-eu-west-1:cache"),
    caught("${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/" + ASSETS),
]
PASSES: list[Case] = [cached(), cached(f"{HOST}/build-cache:api"), Case(image(f"FROM {PYTHON}", cache_to=(f"{HOST}/cache",)))]
