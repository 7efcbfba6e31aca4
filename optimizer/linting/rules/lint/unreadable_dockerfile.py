"""LIO001: a text that no builder takes for a Dockerfile."""

from __future__ import annotations

from optimizer.linting.finding import Severity
from optimizer.linting.rule import Rule

# Reported by the engine: such a file is not judged further.
RULE = Rule(
    id="LIO001",
    name="unreadable-dockerfile",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The file cannot be read as a Dockerfile.",
    why="No builder accepts the file, so the build fails. No other rule is applied to it: half a file would give wrong findings.",
    fix="fix the line",
    bad='FORM public.ecr.aws/lambda/python:3.13\nCMD ["app.handler"]',
    good='FROM public.ecr.aws/lambda/python:3.13\nCMD ["app.handler"]',
)
