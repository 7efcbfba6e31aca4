"""LIO005: the baseline holds a finding that is fixed."""

from __future__ import annotations

from optimizer.linting.finding import Severity
from optimizer.linting.rule import Rule

# Reported where a run is compared with a baseline, and only for files and rules that the run looked at.
RULE = Rule(
    id="LIO005",
    name="outdated-baseline",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The baseline holds a finding that is fixed.",
    why="A baseline only ever shrinks: an entry that is left in place would let the same fault come back unseen.",
    fix="make the baseline smaller with --write-baseline",
    bad="optimizer lint . --baseline lint-baseline.json",
    good="optimizer lint . --baseline lint-baseline.json --write-baseline",
    example="sh",
)
