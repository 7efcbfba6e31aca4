from __future__ import annotations

from typing import Any

from optimizer.model.function import Qualifier
from tests.linting.cases import Case, function

PROVIDER = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": {"Fn::GetAtt": ["Instances", "Arn"]}}}
NETWORK = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}


def of(**known: Any) -> Any:
    properties = {"PackageType": "Image", "CapacityProviderConfig": PROVIDER, **known.pop("properties", {})}
    return function(properties=properties, **known)


# samtranslator/model/sam_resources.py of https://github.com/aws/serverless-application-model, 1.115.0;
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-capacity-providers.html
CATCHES: list[Case] = [
    Case(of(properties={"VpcConfig": NETWORK}), (0,), "runs on Managed Instances and has VpcConfig"),
    Case(of(properties={"VpcConfig": {"SubnetIds": {"Ref": "Subnets"}}}), (0,), "VpcConfig"),
    Case(of(qualifiers=(Qualifier(name="Live", alias=True, provisioned=True),)), (0,), "its alias Live has provisioned concurrency"),
    Case(of(qualifiers=(Qualifier(name="V1", alias=False, provisioned=True),)), (0,), "its version V1"),
    # "The minimum supported function size is 2GB and 1 vCPU":
    # https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-best-practices.html
    Case(of(properties={"MemorySize": 2047}), (0,), "MemorySize is 2047 MB; allowed on Managed Instances: 2048 to 32768"),
    # "The function provided by the arn does not contain a capacity provider configuration": https://github.com/go-to-k/cdkd/issues/1616
    Case(function(properties={"FunctionScalingConfig": {"MinExecutionEnvironments": 1}}), (0,), "FunctionScalingConfig and no capacity"),
]
PASSES: list[Case] = [
    *(Case(of(properties={"MemorySize": size})) for size in (2048, "32768")),
    Case(of(properties={"MemorySize": {"Ref": "Memory"}}), inconclusive=1),
    Case(of(properties={"FunctionScalingConfig": {"MinExecutionEnvironments": 1}})),
    Case(function(properties={"MemorySize": 512})),
    Case(
        function(
            properties={"CapacityProviderConfig": {"Fn::If": ["A", PROVIDER, {}]}, "FunctionScalingConfig": {"MinExecutionEnvironments": 1}}
        )
    ),
    Case(of()),
    Case(of(qualifiers=(Qualifier(name="V1", alias=False), Qualifier(name="Live", alias=True)))),
    Case(of(qualifiers=(Qualifier(name="Live", alias=True, provisioned=None),)), inconclusive=1),
    # Empty lists take a function out of its network.
    Case(of(properties={"VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []}})),
    Case(of(properties={"VpcConfig": {"Fn::If": ["A", NETWORK, {"Ref": "AWS::NoValue"}]}}), inconclusive=1),
    Case(function(properties={"CapacityProviderConfig": {"Fn::If": ["A", PROVIDER, {}]}})),
    # Outside of Managed Instances all of it is usual.
    Case(function(properties={"VpcConfig": NETWORK}, qualifiers=(Qualifier(name="Live", alias=True, provisioned=True),))),
    Case(function(properties={"CapacityProviderConfig": {"Fn::If": ["A", PROVIDER, {}]}, "VpcConfig": NETWORK}), inconclusive=1),
]
