from __future__ import annotations

from typing import Any

from tests.linting.cases import Case, function, image

DIGEST = "sha256:" + "0123456789abcdef" * 4
PROVIDER = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": "arn"}}


def of(base: str, properties: Any = {"CapacityProviderConfig": PROVIDER}) -> Any:
    return function(properties=properties, dockerfile=image(f"FROM {base}"))


# https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-runtimes.html
CATCHES: list[Case] = [
    Case(of(f"public.ecr.aws/lambda/{base}@{DIGEST}"), (0,), "AWS does not list the runtime of its base image for them")
    for base in ("python:3.12", "nodejs:20", "java:17", "ruby:3.4", "provided:al2")
]
PASSES: list[Case] = [
    *(Case(of(f"public.ecr.aws/lambda/{base}@{DIGEST}")) for base in ("python:3.13", "nodejs:22", "java:21", "dotnet:8")),
    # Rust on it is listed; what the program is, only a specification says.
    Case(of(f"public.ecr.aws/lambda/provided:al2023@{DIGEST}"), inconclusive=1),
    Case(of("example.com/house:1"), inconclusive=1),
    Case(of("public.ecr.aws/lambda/python:latest"), inconclusive=1),
    Case(of("$BASE"), inconclusive=1),
    Case(of(f"public.ecr.aws/lambda/ruby:3.4@{DIGEST}", {})),
    Case(of(f"public.ecr.aws/lambda/ruby:3.4@{DIGEST}", {"CapacityProviderConfig": {"Fn::If": ["A", PROVIDER, {}]}})),
    Case(function(properties={"CapacityProviderConfig": PROVIDER})),
]
