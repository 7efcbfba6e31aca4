from __future__ import annotations

from typing import Any

from tests.linting.cases import Case, function

INSTANCES = "LambdaManagedInstancesCapacityProviderConfig"


def of(serverless: bool = False, **properties: Any) -> Any:
    return function(serverless=serverless, properties={"PackageType": "Image", **properties})


# Bounds: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html, and the pages of EphemeralStorage, DurableConfig,
# ImageConfig and LambdaManagedInstancesCapacityProviderConfig below it.
CATCHES: list[Case] = [
    Case(
        of(EphemeralStorage={"Size": 20480}),
        (0,),
        "Size of EphemeralStorage is 20480 MB; allowed: 512 to 10240, and to 32768 with a GPU alone",
    ),
    Case(of(EphemeralStorage={"Size": "100"}), (0,), "is 100 MB"),
    Case(of(EphemeralStorage={"Size": 40000}, AcceleratorConfig={"AcceleratorMemorySize": 3}), (0,), "allowed: 512 to 32768"),
    Case(of(EphemeralStorage={"Size": 40000}, AcceleratorConfig={"Fn::If": ["Gpu", {}, {}]}), (0,), "40000"),
    Case(of(MemorySize=64), (0,), "MemorySize is 64 MB; allowed: 128 to 32768"),
    Case(of(MemorySize="65536"), (0,)),
    Case(
        of(DurableConfig={"ExecutionTimeout": 31622401}),
        (0,),
        "ExecutionTimeout of DurableConfig is 31622401 seconds; allowed: 1 to 31622400",
    ),
    Case(of(DurableConfig={"ExecutionTimeout": 0}), (0,)),
    Case(of(DurableConfig={"ExecutionTimeout": 1, "RetentionPeriodInDays": 91}), (0,), "is 91 days; allowed: 1 to 90"),
    Case(of(DurableConfig={"RetentionPeriodInDays": 1}), (0,), "no ExecutionTimeout"),
    Case(of(CapacityProviderConfig={INSTANCES: {"PerExecutionEnvironmentMaxConcurrency": 1601}}), (0,), "allowed: 1 to 1600"),
    Case(of(CapacityProviderConfig={INSTANCES: {"ExecutionEnvironmentMemoryGiBPerVCpu": 8.5}}), (0,), "is 8.5 GiB; allowed: 2 to 8"),
    Case(of(True, CapacityProviderConfig={"Arn": "a", "PerExecutionEnvironmentMaxConcurrency": 0}), (0,)),
    Case(of(ImageConfig={"Command": ["a"] * 1501}), (0,), "Command of ImageConfig is 1501 words long; allowed: up to 1500"),
    Case(of(ImageConfig={"EntryPoint": ["a"] * 1501}), (0,)),
    Case(of(ImageConfig={"WorkingDirectory": "/" + "a" * 1000}), (0,), "1001 characters"),
]
PASSES: list[Case] = [
    Case(of()),
    *(Case(of(EphemeralStorage={"Size": size})) for size in (512, "10240")),
    # Bounds of what only a deployment knows are said to be unknown, once for a property whatever is in it.
    Case(of(EphemeralStorage={"Size": {"Ref": "Size"}}), inconclusive=1),
    Case(of(MemorySize={"Fn::If": ["Large", 10240, 1024]}), inconclusive=1),
    Case(of(ImageConfig={"Fn::If": ["Other", {}, {}]}), inconclusive=1),
    Case(of(CapacityProviderConfig={"Fn::If": ["Other", {}, {}]}), inconclusive=1),
    # CreateFunction: "For functions that use AcceleratorConfig, the maximum is 32,768 MB"
    Case(of(EphemeralStorage={"Size": 32768}, AcceleratorConfig={"AcceleratorMemorySize": 3})),
    Case(of(EphemeralStorage={"Size": 20480}, AcceleratorConfig={"Fn::If": ["Gpu", {}, {}]}), inconclusive=1),
    *(Case(of(MemorySize=size)) for size in (128, 32768, "1769")),
    *(Case(of(DurableConfig={"ExecutionTimeout": time})) for time in (1, 31622400)),
    Case(of(DurableConfig={"ExecutionTimeout": {"Ref": "Time"}}), inconclusive=1),
    Case(of(DurableConfig={"ExecutionTimeout": 1, "RetentionPeriodInDays": 90})),
    Case(of(DurableConfig={"Fn::If": ["Durable", {}, {}]}), inconclusive=1),
    Case(
        of(CapacityProviderConfig={INSTANCES: {"PerExecutionEnvironmentMaxConcurrency": 1600, "ExecutionEnvironmentMemoryGiBPerVCpu": 2.5}})
    ),
    # StringList of the API is a plain list: words may come twice, though cfn-lint 1.58 says E3037.
    Case(of(ImageConfig={"Command": ["a", "a"] * 750, "WorkingDirectory": "/" + "a" * 999})),
    # The API takes 1,800 seconds, and 5,400 on Managed Instances; the quotas say 900.
    Case(of(Timeout=1800)),
]
