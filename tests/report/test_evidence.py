"""What an update of the evidence says fits the terminal, however long the paths of steps are."""

from __future__ import annotations

import pytest

from optimizer.model.evidence import Evidence, StepEvidence
from optimizer.model.stability import Stability
from optimizer.report.evidence import EvidenceReport, evidence_as_text


@pytest.mark.parametrize("width", [80, 120, 160])
def test_long_names_of_steps_fit_and_stay_apart(width: int) -> None:
    names = [f"python-packages services/{'a-team-with-a-long-name/' * 5}{name}/requirements.txt" for name in ("orders", "invoices")]
    steps = {name: StepEvidence(changes=0.5, stability=Stability.DAILY, size_bytes=12_000_000, seconds=12.5) for name in names}
    report = EvidenceReport(before=Evidence(), after=Evidence(steps=steps), orders={}, packings=(), notes=("word " * 60,), changed=True)
    lines = evidence_as_text(report, width).splitlines()
    assert max(map(len, lines)) <= width
    assert "orders" in lines[2] + lines[1] and "invoices" in lines[1] + lines[2]
