"""Who besides Lambda names a repository, by answers in the shapes that AWS documents."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import boto3
import botocore.client
import pytest
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from optimizer.adapters.aws.asking import Asker
from optimizer.adapters.aws.other_services import SERVICES, read_other_users
from optimizer.model.ecr import EcrRegistry
from tests.audit.account import ACCOUNT, REGION
from tests.audit.fake import PLACE

HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"
DIGEST = "sha256:" + "0" * 64


def task(family: str, image: str) -> dict[str, Any]:
    return {"taskDefinition": {"family": family, "containerDefinitions": [{"name": "web"}, {"name": "sidecar", "image": image}]}}


def model(**more: Any) -> dict[str, Any]:
    return {"ModelName": "m", "ModelArn": "arn:aws:sagemaker:eu-central-1:123456789012:model/m", "CreationTime": 0, **more}


Answers = Mapping[str, Any]
EMPTY: Answers = {
    "ListTaskDefinitions": {"taskDefinitionArns": []},
    "ListServices": {"ServiceSummaryList": []},
    "ListModels": {"Models": []},
    "ListProjects": {},
    "DescribeJobDefinitions": {"jobDefinitions": []},
}
"""Answers of an account without any users; a value that can be called is given the arguments."""


def listed_tasks(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"taskDefinitionArns": [f"{arguments['status'].lower()}:1"]}


def second_page(first: Mapping[str, Any], rest: Mapping[str, Any], token: str, *, given: str = "") -> Any:
    return lambda arguments: rest if arguments.get(given or token) else {**first, token: "more"}


SOURCE = {"type": "NO_SOURCE"}
USERS: Mapping[str, tuple[Answers, set[str]]] = {
    "ecs": (
        {
            "ListTaskDefinitions": listed_tasks,
            "DescribeTaskDefinition": lambda arguments: task("f", f"{HOST}/ecs-{arguments['taskDefinition'].partition(':')[0]}:1"),
        },
        {"ecs-active", "ecs-inactive", "ecs-delete_in_progress"},
    ),
    "apprunner": (
        {
            "ListServices": second_page(
                {"ServiceSummaryList": [{"ServiceArn": "arn:aws:apprunner:eu-central-1:123456789012:service/one"}]},
                {"ServiceSummaryList": [{"ServiceArn": "arn:aws:apprunner:eu-central-1:123456789012:service/two"}]},
                "NextToken",
            ),
            "DescribeService": lambda arguments: {
                "Service": {
                    "ServiceName": "shop",
                    "ServiceId": "0" * 32,
                    "ServiceArn": arguments["ServiceArn"],
                    "CreatedAt": 0,
                    "UpdatedAt": 0,
                    "Status": "PAUSED",
                    "InstanceConfiguration": {},
                    "AutoScalingConfigurationSummary": {},
                    "NetworkConfiguration": {},
                    "SourceConfiguration": {
                        "ImageRepository": {
                            "ImageIdentifier": f"{HOST}/apprunner-{arguments['ServiceArn'][-3:]}@{DIGEST}",
                            "ImageRepositoryType": "ECR",
                        }
                    },
                }
            },
        },
        {"apprunner-one", "apprunner-two"},
    ),
    "sagemaker": (
        {
            "ListModels": {"Models": [model()]},
            "DescribeModel": model(
                PrimaryContainer={"Image": f"{HOST}/sagemaker-primary:1"},
                Containers=[{"Image": f"{HOST}/sagemaker-first"}, {"Image": f"{HOST}/sagemaker/second:x"}],
                ExecutionRoleArn=ROLE,
            ),
        },
        {"sagemaker-primary", "sagemaker-first", "sagemaker/second"},
    ),
    "codebuild": (
        {
            "ListProjects": second_page({"projects": ["one"]}, {"projects": ["two"]}, "nextToken"),
            "BatchGetProjects": lambda arguments: {
                "projects": [
                    {
                        "name": name,
                        "source": SOURCE,
                        "environment": {
                            "type": "LINUX_CONTAINER",
                            "computeType": "BUILD_GENERAL1_SMALL",
                            "image": f"{HOST}/codebuild-{name}:1",
                            "environmentVariables": [{"name": "PUSH_TO", "value": f"{HOST}/codebuild-pushed"}],
                        },
                    }
                    for name in arguments["names"]
                ]
            },
        },
        {"codebuild-one", "codebuild-two", "codebuild-pushed"},
    ),
    "batch": (
        {
            "DescribeJobDefinitions": second_page(
                {"jobDefinitions": [_ := {"jobDefinitionName": "a", "jobDefinitionArn": "a", "revision": 1, "type": "container"}]},
                {
                    "jobDefinitions": [
                        {**_, "status": "INACTIVE", "containerProperties": {"image": f"{HOST}/batch-container"}},
                        {
                            **_,
                            "type": "multinode",
                            "nodeProperties": {
                                "numNodes": 2,
                                "mainNode": 0,
                                "nodeRangeProperties": [{"targetNodes": "0:1", "container": {"image": f"{HOST}/batch-node:1"}}],
                            },
                        },
                        {
                            **_,
                            "ecsProperties": {
                                "taskProperties": [{"containers": [{"image": f"{HOST}/batch-ecs:1"}, {"image": "public.ecr.aws/other"}]}]
                            },
                        },
                        {**_, "eksProperties": {"podProperties": {"initContainers": [{"image": f"{HOST}/batch-eks:1"}]}}},
                    ]
                },
                "nextToken",
            )
        },
        {"batch-container", "batch-node", "batch-ecs", "batch-eks"},
    ),
}
"""By service: what it answers, and the repositories that it then uses."""


def asking(monkeypatch: pytest.MonkeyPatch, answers: Answers, refused: str = "", code: str = "") -> Asker:
    """Clients of boto3 that answer so, if requests and answers have the shapes of botocore's model."""

    def call(self: Any, operation: str, arguments: Any) -> Any:
        shapes = self.meta.service_model.operation_model(operation)
        problems = ParamValidator().validate(arguments, shapes.input_shape)
        assert not problems.has_errors(), problems.generate_report()
        if operation == refused:
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, operation)
        answer = answers[operation]
        answer = answer(arguments) if callable(answer) else answer
        problems = ParamValidator().validate(answer, shapes.output_shape)
        assert not problems.has_errors(), problems.generate_report()
        return answer

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    return Asker(PLACE, clients())


@functools.cache
def clients() -> dict[str, Any]:
    session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name=REGION)
    return {name: session.client(name) for name in SERVICES}


@pytest.mark.parametrize("service", SERVICES)
def test_every_place_of_a_definition_that_names_an_image_counts(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "never touches what it cannot prove unused (other services, task definitions, …)"."""
    answers, expected = USERS[service]
    found = read_other_users([asking(monkeypatch, {**EMPTY, **answers})], SERVICES)
    assert found.gaps == ()
    assert found.repositories == {(PLACE, name): service for name in expected}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException"])
def test_a_definition_that_cannot_be_read_is_a_gap(service: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answers, _ = USERS[service]
    described = next((name for name in answers if name not in EMPTY), "DescribeJobDefinitions")
    found = read_other_users([asking(monkeypatch, {**EMPTY, **answers}, described, code)], SERVICES)
    assert [gap.action for gap in found.gaps] == [f"{service}:{described}"]
    assert all(gap.hides == "users" for gap in found.gaps)


def test_what_is_gone_meanwhile_uses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    answers, _ = USERS["apprunner"]
    found = read_other_users([asking(monkeypatch, {**EMPTY, **answers}, "DescribeService", "ResourceNotFoundException")], SERVICES)
    assert (found.repositories, found.gaps) == ({}, ())


def test_a_repository_elsewhere_is_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    image = "999999999999.dkr.ecr-fips.us-gov-west-1.amazonaws.com/shop:1"
    answers = {**EMPTY, **USERS["ecs"][0], "DescribeTaskDefinition": task("f", image)}
    found = read_other_users([asking(monkeypatch, answers)], SERVICES)
    assert set(found.repositories) == {(EcrRegistry(account="999999999999", region="us-gov-west-1"), "shop")}
