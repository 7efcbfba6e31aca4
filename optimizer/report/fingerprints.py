"""The name of a finding over the runs, for reports that are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from optimizer.linting.baseline import fingerprint
from optimizer.linting.finding import Finding


def with_fingerprints(findings: Iterable[Finding]) -> Iterator[tuple[Finding, str]]:
    """Each finding with a fingerprint that no other has; it stays when lines move, unless equal findings change their order."""
    seen: Counter[str] = Counter()
    for finding in findings:
        mark = fingerprint(finding, finding.location.path)
        seen[mark] += 1
        yield finding, f"{mark}:{seen[mark]}"
