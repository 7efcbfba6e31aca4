"""What the Python examples of rules take for granted; type checkers read it before each of them, see :mod:`maintenance.documented`."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_lambda as lambda_
from aws_cdk.aws_lambda import DockerImageCode, DockerImageFunction

from optimizer import Extension, ImageSpec, PythonDependencies, SourceCode
from optimizer.cdk import OptimizedFunction, SharedAssetRepository, SharedRepositorySynthesizer

__all__ = [
    "AppStagingSynthesizer",
    "DockerImageCode",
    "DockerImageFunction",
    "Extension",
    "ImageSpec",
    "OptimizedFunction",
    "OrdersStack",
    "PythonDependencies",
    "SharedAssetRepository",
    "SharedRepositorySynthesizer",
    "SourceCode",
    "StockStack",
    "app",
    "cdk",
    "code",
    "durable",
    "ec2",
    "ecr",
    "ecr_assets",
    "images",
    "insights",
    "lambda_",
    "provider",
    "registry",
    "repository",
    "self",
    "shop",
    "signing",
    "spec",
    "vpc",
]


class AppStagingSynthesizer(cdk.DefaultStackSynthesizer):
    """Stands for the class of aws-cdk.app-staging-synthesizer-alpha, which is not installed here."""

    @staticmethod
    def default_resources(*, app_id: str) -> cdk.DefaultStackSynthesizer:
        return cdk.DefaultStackSynthesizer(qualifier=app_id)


class OrdersStack(cdk.Stack):
    """A stack of the app."""


class StockStack(cdk.Stack):
    """Another one."""


app = cdk.App()
self = cdk.Stack(app, "Stack")
images = cdk.Stack(app, "Images")
shop = cdk.Stack(app, "Shop")
code = DockerImageCode.from_image_asset("functions/api")
durable = lambda_.DurableConfig(execution_timeout=cdk.Duration.days(1), retention_period=cdk.Duration.days(1))
insights = lambda_.LayerVersion.from_layer_version_arn(self, "Insights", "arn:aws:lambda:eu-central-1:580247275435:layer:Insights:1")
registry = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
repository = ecr.Repository(self, "Repository")
signing = lambda_.CodeSigningConfig.from_code_signing_config_arn(
    self, "Signing", "arn:aws:lambda:eu-central-1:123456789012:code-signing-config:csc-1"
)
spec = ImageSpec(runtime="python3.13", steps=[SourceCode("functions/api")])
vpc = ec2.Vpc(self, "Network")
provider = lambda_.CapacityProvider(
    self, "Capacity", subnets=vpc.private_subnets, security_groups=[ec2.SecurityGroup(self, "Group", vpc=vpc)]
)
