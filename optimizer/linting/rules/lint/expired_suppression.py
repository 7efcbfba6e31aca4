"""LIO004: a suppression whose last day is over."""

from __future__ import annotations

from optimizer.linting.finding import Severity
from optimizer.linting.rule import Rule

# Reported by the engine, which knows the day.
RULE = Rule(
    id="LIO004",
    name="expired-suppression",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A suppression has passed its last day.",
    why="The exception was granted for a time. From the day after, what it hid is reported again.",
    fix="fix what it hides, or agree on another day",
    bad="# optimizer: ignore LIO102 -- until the mirror is there (until 2024-01-31)\nFROM public.ecr.aws/lambda/python:3.13",
    good="FROM public.ecr.aws/lambda/python:3.13@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
)
