"""Options and fixtures that every part of the tests may use."""

from __future__ import annotations

import signal

import pytest


def pytest_configure() -> None:
    # A shell lets what it starts in the background ignore these, and so would every program that a test interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="Write the expected Dockerfiles anew; review the difference.")
