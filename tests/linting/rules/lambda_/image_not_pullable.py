from __future__ import annotations

from typing import Any

from tests.linting.cases import PYTHON, Case, function, image


def of(uri: str, **known: Any) -> Any:
    return function(image_uri=uri, **known)


# "Lambda does not support Amazon ECR FIPS endpoints for container images", and the image stands in the function's Region:
# https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
CATCHES: list[Case] = [
    Case(of("111122223333.dkr.ecr-fips.us-east-1.amazonaws.com/shop:1"), (0,), "Lambda pulls from no FIPS endpoint of Amazon ECR"),
    Case(of("${AWS::AccountId}.dkr.ecr-fips.${AWS::Region}.amazonaws.com/shop:1"), (0,), "FIPS"),
    Case(
        of("111122223333.dkr.ecr.us-east-1.amazonaws.com/shop:1", region="eu-west-1"),
        (0,),
        "the image is in us-east-1, and the function in eu-west-1",
    ),
    Case(of("111122223333.dkr.ecr.us-east-1.${AWS::URLSuffix}/shop:1", region="eu-west-1"), (0,), "us-east-1"),
    Case(of("public.ecr.aws/lambda/python:3.13"), (0,), "is in no private repository of Amazon ECR"),
    Case(of("docker.io/library/python:3.13"), (0,), '"docker.io/library/python:3.13" is in no private repository'),
    Case(of("${Account}.dkr.ecr-fips.us-east-1.amazonaws.com/shop:1"), (0,), "FIPS"),
]
PASSES: list[Case] = [
    # Another account's is allowed: https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#configuration-images-xaccount-permissions
    Case(of("111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop@sha256:1", region="eu-west-1")),
    Case(of("${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/shop:1", region="eu-west-1")),
    Case(of("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/shop:1", region="cn-north-1")),
    Case(of("111122223333.dkr.ecr.us-east-1.amazonaws.com/shop:1"), inconclusive=1),
    Case(of("")),
    # What a parameter may make of it, and other addresses of Amazon ECR, are not judged.
    Case(of("${Registry}/shop:1", region="eu-west-1")),
    Case(of("${Image}")),
    Case(of("${Shared.RepositoryUri}:1")),
    Case(of("111122223333.dkr-ecr.us-east-1.on.aws/shop:1", region="us-east-1")),
    Case(of("localhost:5000/shop:1")),
    # SAM takes such an image from the engine, pushes it, and writes the new name: samcli/lib/package/ecr_uploader.py of
    # https://github.com/aws/aws-sam-cli
    Case(of("shop:latest", serverless=True)),
    Case(of("public.ecr.aws/lambda/python:3.13", serverless=True)),
    Case(of("shop:latest"), inconclusive=1),
    Case(of("shop:latest", metadata="{}")),
    Case(of("shop:latest", dockerfile=image(f"FROM {PYTHON}"))),
]
