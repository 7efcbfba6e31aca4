"""LIO003: a suppression that suppresses nothing."""

from __future__ import annotations

from optimizer.linting.finding import Severity
from optimizer.linting.rule import Rule

# Reported by the engine, and only where every rule that the suppression names was run.
RULE = Rule(
    id="LIO003",
    name="unused-suppression",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A suppression suppresses nothing.",
    why="What it was written for is gone; left in place, it would hide the next finding of the same rule.",
    fix="remove the suppression",
    bad="# optimizer: ignore LIO602 -- needed by our scanner\nCOPY app.py ./",
    good="COPY app.py ./",
)
