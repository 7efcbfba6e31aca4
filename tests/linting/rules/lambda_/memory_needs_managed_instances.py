from __future__ import annotations

from tests.linting.cases import Case, function

PROVIDER = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": "arn"}}

# "Function memory allocation: 128 MB to 10,240 MB": https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
CATCHES: list[Case] = [
    Case(function(properties={"MemorySize": 10241}), (0,), "MemorySize is 10241 MB, and the function has no capacity provider"),
    Case(function(properties={"MemorySize": "32768"}), (0,)),
]
PASSES: list[Case] = [
    Case(function(properties={"MemorySize": 10240})),
    # 32,768 is the bound of https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    Case(function(properties={"MemorySize": 32768, "CapacityProviderConfig": PROVIDER})),
    Case(function(properties={"MemorySize": 16384, "CapacityProviderConfig": {"Ref": "Provider"}})),
    Case(function(properties={"MemorySize": 16384, "CapacityProviderConfig": {"Fn::If": ["A", PROVIDER, {}]}}), inconclusive=1),
    Case(function(properties={"MemorySize": {"Ref": "Memory"}}), inconclusive=1),
    Case(function(properties={"MemorySize": {"Ref": "Memory"}, "CapacityProviderConfig": PROVIDER})),
    # Another rule's.
    Case(function(properties={"MemorySize": 65536})),
]
