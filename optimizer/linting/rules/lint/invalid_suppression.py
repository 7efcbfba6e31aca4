"""LIO002: a comment that was meant to suppress something, and does not."""

from __future__ import annotations

from optimizer.linting.finding import Severity
from optimizer.linting.rule import Rule

# Reported by the engine, which reads suppressions.
RULE = Rule(
    id="LIO002",
    name="invalid-suppression",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A suppression has no reason, names an unknown rule, or is not of the right form.",
    why="A suppression without a reason cannot be reviewed, and one that cannot be read suppresses nothing although its author believes so.",
    fix="write: # optimizer: ignore LIO123 -- the reason",
    bad="# optimizer: ignore LIO102\nFROM public.ecr.aws/lambda/python:3.13",
    good="# optimizer: ignore LIO102 -- pinned by our mirror\nFROM public.ecr.aws/lambda/python:3.13",
)
