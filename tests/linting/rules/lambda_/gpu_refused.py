from __future__ import annotations

from typing import Any

from tests.linting.cases import Case, function

IMAGE = {"PackageType": "Image", "Architectures": ["x86_64"]}
PROVIDER = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": {"Fn::GetAtt": ["Gpus", "Arn"]}}}


def of(size: Any = 16, **known: Any) -> Any:
    properties = {**IMAGE, "CapacityProviderConfig": PROVIDER, "AcceleratorConfig": {"AcceleratorMemorySize": size}}
    properties.update(known.pop("properties", {}))
    return function(properties=properties, **known)


# AcceleratorConfig of https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
CATCHES: list[Case] = [
    Case(of(20), (0,), "AcceleratorMemorySize is 20; allowed: 3, 6, 12, 16, 24, 48"),
    Case(of(None), (0,), "AcceleratorMemorySize is missing"),
    Case(of(architecture="arm64"), (0,), "runs on x86_64, and this one on arm64"),
    Case(of(properties={"CapacityProviderConfig": None}), (0,), "needs a capacity provider, and this one has none"),
    Case(of(properties={"PackageType": "Zip"}), (0,), "runs an image, and this one has a zip archive"),
    Case(of(properties={"PackageType": None, "Code": {"S3Bucket": "b"}}), (0,), "zip archive"),
]
PASSES: list[Case] = [
    *(Case(of(size)) for size in (3, 6, 12, "16", 24, 48)),
    Case(function(properties=IMAGE)),
    Case(of({"Ref": "Size"}), inconclusive=1),
    Case(of(architecture=None), inconclusive=1),
    Case(of(properties={"CapacityProviderConfig": {"Fn::If": ["A", PROVIDER, {}]}}), inconclusive=1),
    Case(of(properties={"AcceleratorConfig": {"Fn::If": ["A", {}, {}]}})),
]
