"""Options and fixtures that every part of the tests may use."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="Write the expected Dockerfiles anew; review the difference.")
