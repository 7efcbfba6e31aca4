"""How severities are shown."""

from __future__ import annotations

from optimizer.linting.finding import Severity
from optimizer.report.style import CYAN, RED, YELLOW

SEVERITY_COLOURS = {Severity.ERROR: RED, Severity.WARNING: YELLOW, Severity.INFO: CYAN}
"""Parameters of the sequence that selects a rendition."""
