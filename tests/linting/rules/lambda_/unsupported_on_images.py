from __future__ import annotations

from tests.linting.cases import Case, function

IMAGE = {"PackageType": "Image"}

# "Functions defined as container images do not support code signing":
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning-create.html
CATCHES: list[Case] = [
    Case(
        function(properties={**IMAGE, "CodeSigningConfigArn": {"Ref": "Signing"}}),
        (0,),
        "the function runs an image, and CodeSigningConfigArn is for zip archives",
    ),
    Case(function(properties={**IMAGE, "RuntimeManagementConfig": {"UpdateRuntimeOn": "Manual"}}), (0,), "RuntimeManagementConfig"),
    Case(function(serverless=True, properties={**IMAGE, "CodeSigningConfigArn": "arn"}), (0,)),
]
PASSES: list[Case] = [
    Case(function(properties=IMAGE)),
    Case(
        function(
            properties={"Runtime": "python3.13", "CodeSigningConfigArn": "arn", "RuntimeManagementConfig": {"UpdateRuntimeOn": "Auto"}}
        )
    ),
    Case(function(properties={**IMAGE, "CodeSigningConfigArn": {"Fn::If": ["Signed", "arn", {"Ref": "AWS::NoValue"}]}}), inconclusive=1),
]
