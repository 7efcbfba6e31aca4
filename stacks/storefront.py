"""What customers use: catalogue, orders and recommendations."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from optimizer import Files, ImageSpec, PythonDependencies, SourceCode
from optimizer.cdk import OptimizedFunction

RUNTIME = "python3.13"


def api_image(source: str, architecture: str) -> ImageSpec:
    """The image of one HTTP API; the APIs have all layers in common but the one of their own code."""
    return ImageSpec(
        runtime=RUNTIME,
        architecture=architecture,
        steps=[
            SourceCode(source, name="code"),
            SourceCode("functions/common/shop", to="/var/task/shop/", name="common", stability="weekly"),
            PythonDependencies("functions/requirements/api.txt", name="packages", wheels_only=True),
        ],
    )


def recommend_image(architecture: str) -> ImageSpec:
    """The image of the recommendations; a new model and new code leave one another's layer alone."""
    return ImageSpec(
        runtime=RUNTIME,
        architecture=architecture,
        environment={"RANKER_MODEL": "/opt/ml/ranker.json"},
        steps=[
            SourceCode("functions/recommend", name="code", exclude=["pyproject.toml", "uv.lock"]),
            Files("models/ranker.json", to="/opt/ml/", name="model", stability="monthly"),
            PythonDependencies("functions/recommend/uv.lock", name="packages", wheels_only=True),
        ],
    )


class StorefrontStack(cdk.Stack):
    """The functions behind the shop's pages; the two APIs have URLs that take signed requests."""

    def __init__(self, scope: Construct, id: str, *, architecture: str, **properties: Any) -> None:
        super().__init__(scope, id, description="Shop: catalogue, orders and recommendations", **properties)
        for name, title in (("Catalog", "finds and shows products"), ("Orders", "quotes orders")):
            api = OptimizedFunction(
                self,
                name,
                spec=api_image(f"functions/{name.lower()}", architecture),
                handler="app.handler",
                description=f"Shop: {title}",
                memory_size=512,
                timeout=cdk.Duration.seconds(10),
            )
            api.add_function_url(auth_type=lambda_.FunctionUrlAuthType.AWS_IAM)
        OptimizedFunction(
            self,
            "Recommend",
            spec=recommend_image(architecture),
            handler="app.handler",
            description="Shop: recommends products",
            memory_size=1024,
            timeout=cdk.Duration.seconds(10),
        )
