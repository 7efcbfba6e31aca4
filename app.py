"""The example: the back end of an online shop, as container images in one shared repository.

``cdk synth`` needs neither Docker nor a network. The app is not bound to an
account or a Region, so that its templates are the same on every machine.
"""

from __future__ import annotations

import os
import sys

import aws_cdk as cdk

from optimizer import OptimizerError
from optimizer.cdk import Conventions, SharedRepositorySynthesizer
from stacks.operations import OperationsStack
from stacks.repository import REPOSITORY_NAME, RepositoryStack
from stacks.storefront import StorefrontStack

# `cdk synth` and editors then show the line of app and stacks beside each finding.
os.environ.setdefault("JSII_HOST_STACK_TRACES", "1")


def main() -> None:
    """Write the cloud assembly; ``-c shop:architecture=arm64`` chooses Lambda's architecture."""
    app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name=REPOSITORY_NAME))
    # Every image function is held to the company's conventions, also those that a team writes by hand.
    Conventions().apply(app)
    architecture = app.node.try_get_context("shop:architecture") or "x86_64"
    RepositoryStack(app, "Repository")
    StorefrontStack(app, "Storefront", architecture=architecture)
    OperationsStack(app, "Operations", architecture=architecture)
    app.synth()


if __name__ == "__main__":
    try:
        main()
    except OptimizerError as error:
        # The message says where and why; a traceback of CDK's own frames would only bury it.
        sys.exit(f"error: {error}")
