from __future__ import annotations

from typing import Any

from optimizer.linting.subjects import FunctionSubject
from tests.linting.cases import DIGEST, Case, function
from tests.linting.snapstart import BY_SAM, HIDDEN, ON, restored

# samtranslator 1.115.0, SamFunction._construct_version: the version's logical id is a hash of Code, Environment, MemorySize and SnapStart.
HOST = "111122223333.dkr.ecr.eu-central-1.amazonaws.com"


def named(uri: Any, **known: Any) -> FunctionSubject:
    return restored({"ImageUri": uri}, **{"serverless": True, "qualifiers": BY_SAM, **known})


CATCHES: list[Case] = [
    Case(named(f"{HOST}/shop:latest"), (0,), 'the tag "latest" says nothing of what is in the image'),
    Case(named(f"{HOST}/shop"), (0,), 'the tag "latest"'),
    Case(named(f"{HOST}/shop:prod"), (0,), 'the tag "prod"'),
    Case(named({"Fn::Sub": "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/${Repository}:main"}), (0,), 'the tag "main"'),
    Case(named({"Fn::Sub": ["${Host}/shop:dev", {"Host": HOST}]}), (0,), 'the tag "dev"'),
]
PASSES: list[Case] = [
    Case(named(f"{HOST}/shop@{DIGEST}")),
    Case(named(f"{HOST}/shop:latest@{DIGEST}")),
    Case(named(f"{HOST}/shop:2026-11-29")),
    Case(named(f"{HOST}/shop:v12")),
    # What only a deployment knows may well be another text each time.
    Case(named({"Fn::Sub": "${Host}/shop:${Tag}"})),
    Case(named({"Fn::Sub": "${Host}/${Image}"})),
    Case(named({"Ref": "Image"})),
    Case(named({"Fn::Sub": "${Image}"})),
    Case(named(None)),
    # SAM builds and pushes it, under a tag of its content.
    Case(named("shop:latest", image="api/Dockerfile")),
    # Nothing is published, or not by SAM.
    Case(named(f"{HOST}/shop:latest", qualifiers=())),
    Case(named(f"{HOST}/shop:latest", serverless=False)),
    Case(function(serverless=True, qualifiers=BY_SAM, properties={"ImageUri": f"{HOST}/shop:latest"})),
    Case(function(serverless=True, qualifiers=BY_SAM, properties={**ON, "ImageUri": 3})),
    Case(function(serverless=True, qualifiers=BY_SAM, properties={**HIDDEN, "ImageUri": f"{HOST}/shop:latest"}), inconclusive=1),
    Case(function(serverless=True, qualifiers=BY_SAM, properties={**HIDDEN, "ImageUri": f"{HOST}/shop:v12"})),
]
