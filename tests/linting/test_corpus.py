"""The shapes of what sam init writes and of what AWS documents: each known fault is found, and nothing that is right is flagged.

``expected`` beside each Dockerfile has a line for each finding: the line of
the Dockerfile, the rule, and the text at its place.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from optimizer.adapters.dockerfiles import load_dockerfile
from optimizer.linting.conventions import Conventions
from optimizer.linting.engine import lint
from optimizer.linting.rules import RULES
from tests.linting.cases import TODAY
from tests.test_golden import GOLDEN

CORPUS = Path(__file__).parent / "corpus"
CASES = sorted(path.parent.name for path in CORPUS.glob("*/Dockerfile"))


BEFORE_ANY_RUNTIME_ENDED = datetime.date(2026, 7, 30)
"""A day on which every runtime of the golden cases was supported."""


def findings(path: Path, today: datetime.date = TODAY) -> str:
    report = lint([load_dockerfile(str(path))], Conventions(today=today), rules=RULES)
    lines = []
    for finding in report.findings:
        span = finding.location.span
        assert span is not None
        end = span.end.column - 1 if span.end.line == span.start.line else None
        lines.append(f"{span.start.line} {finding.rule} {finding.excerpt[span.start.column - 1 : end]}\n")
    return "".join(lines)


KNOWN = {
    # Repositories of Amazon Linux 2 move on, and the specification names no versions.
    "amazon-linux-2": {"LIO407"},
    # A first-party package asks for tabulate>=0.9, and the requirements have no hashes: what is installed is the newest.
    "python-local-requirements": {"LIO401"},
}
"""What the rules find in a golden case, and rightly."""


def test_there_are_cases() -> None:
    assert len(CASES) >= 16


@pytest.mark.parametrize("case", CASES)
def test_finds_what_is_known(case: str, request: pytest.FixtureRequest) -> None:
    path = CORPUS / case / "expected"
    found = findings(CORPUS / case / "Dockerfile")
    if request.config.getoption("--update-golden"):
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*/Dockerfile")), ids=lambda path: path.parent.name)
def test_says_nothing_of_what_the_optimizer_writes(path: Path) -> None:
    found = {line.split()[1] for line in findings(path, BEFORE_ANY_RUNTIME_ENDED).splitlines() if "LIO" in line}
    assert found == KNOWN.get(path.parent.name, set())
