"""The app: each function is a container image, and all images stand in one repository."""

from __future__ import annotations

import os
import sys

import aws_cdk as cdk

from optimizer import ImageSpec, OptimizerError
from optimizer.cdk import Conventions, OptimizedFunction, SharedAssetRepository, SharedRepositorySynthesizer

# `cdk synth` and editors then show the line of this file beside each finding.
os.environ.setdefault("JSII_HOST_STACK_TRACES", "1")

REPOSITORY = "$name-images"


def main() -> None:
    """Write the cloud assembly."""
    app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name=REPOSITORY))
    # Every image function is held to the conventions, also those that are written by hand.
    Conventions().apply(app)
    shared = cdk.Stack(app, "$name-repository")
    SharedAssetRepository(shared, "Images", repository_name=REPOSITORY)
    stack = cdk.Stack(app, "$name")
    OptimizedFunction(
        stack,
        "Hello",
        spec=ImageSpec.load("hello.image.toml"),
        handler="$handler",
        memory_size=512,
        timeout=cdk.Duration.seconds(10),
        environment={"GREETING": "Hello"},
    )
    app.synth()


if __name__ == "__main__":
    try:
        main()
    except OptimizerError as error:
        # The message says where and why; a traceback of CDK's own frames would only bury it.
        sys.exit(f"error: {error}")
