"""Between which bounds Lambda takes what a function sets.

Sources: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html and the pages of its structures; for memory outside of Managed
Instances https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Range:
    """The least and the most that is taken, both included, with the unit."""

    least: float
    most: float
    unit: str

    def __contains__(self, value: object) -> bool:
        return isinstance(value, (int, float)) and self.least <= value <= self.most

    def __str__(self) -> str:
        return f"{self.least:g} to {self.most:.15g}"


MEMORY = Range(128, 32768, "MB")
MEMORY_WITHOUT_INSTANCES = Range(128, 10240, "MB")
"""Of a function that does not run on Managed Instances."""

MEMORY_ON_INSTANCES = Range(2048, 32768, "MB")
"""Of a function that runs there: https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-best-practices.html"""

TMP = Range(512, 10240, "MB")
TMP_WITH_GPU = Range(512, 32768, "MB")
GPU_SIZES = (3, 6, 12, 16, 24, 48)
"""Of the memory of a GPU, in GiB."""

DURABLE_EXECUTION = Range(1, 31622400, "seconds")
DURABLE_RETENTION = Range(1, 90, "days")
CONCURRENCY_ON_INSTANCES = Range(1, 1600, "requests")
MEMORY_PER_VCPU = Range(2, 8, "GiB")
LONGEST_COMMAND = 1500
"""Words of a command, and of an entrypoint."""

LONGEST_WORKDIR = 1000
"""Characters of a working directory."""

RESERVED_VARIABLES = frozenset(
    [
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
    ]
)
"""Names that no function sets; source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime"""
