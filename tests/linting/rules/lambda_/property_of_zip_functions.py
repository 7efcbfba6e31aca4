from __future__ import annotations

from typing import Any

from tests.linting.cases import Case, function


def of(**properties: Any) -> Any:
    return function(properties={"PackageType": "Image", **properties})


# "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image":
# https://github.com/pulumi/pulumi-aws/issues/5439; the Runtime of CreateFunction says it too:
# https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
CATCHES: list[Case] = [
    Case(of(Runtime="python3.13"), (0,), "the function runs an image and has Runtime"),
    Case(of(Handler="app.handler"), (0,), "has Handler"),
    # What add_layers() of CDK leaves in the template.
    Case(of(Layers=[{"Ref": "Insights"}]), (0,), "has Layers"),
    Case(of(Layers={"Ref": "Insights"}), (0,), "has Layers"),
    Case(of(Runtime="custom", RuntimeConfig={"RuntimeArn": "arn:aws:lambda:eu-west-1:111122223333:runtime/house"}), (0, 0), "has Runtime"),
]
PASSES: list[Case] = [
    Case(of(ImageConfig={"Command": ["app.handler"]})),
    Case(of(Layers=[])),
    Case(of(Layers={"Fn::If": ["Traced", ["arn"], {"Ref": "AWS::NoValue"}]}), inconclusive=1),
    # A zip archive: https://docs.aws.amazon.com/lambda/latest/dg/configuration-function-zip.html
    Case(function(properties={"PackageType": "Zip", "Runtime": "python3.13", "Handler": "app.handler", "Layers": ["arn"]})),
    Case(function(properties={"Runtime": "python3.13", "Handler": "app.handler"})),
    # LIO686 says it of SAM's own functions.
    Case(function(serverless=True, properties={"PackageType": "Image", "Runtime": "python3.13"})),
]
