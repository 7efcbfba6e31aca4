"""Names of Python packages."""

from __future__ import annotations

import re


def normal_name(name: str) -> str:
    """The form in which equal names are equal texts (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
