"""The conventions of Acme for apps; in app.py, before the stacks: ``acme_lambda.cdk.conventions.apply(app)``."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_

from acme_lambda.rules import RULES
from optimizer.cdk import Conventions

__all__ = ["conventions"]

conventions = Conventions(
    fail_on="error",
    rules=RULES,
    severities={"base-unpinned": "error", "installer-in-final-stage": "info"},
    function_defaults={
        "architecture": lambda_.Architecture.ARM_64,
        "memory_size": 512,
        "timeout": cdk.Duration.seconds(10),
        "tracing": lambda_.Tracing.ACTIVE,
        "environment": {"ACME_LOG_LEVEL": "info"},
    },
)
