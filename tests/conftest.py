"""Options and fixtures that every part of the tests may use."""

from __future__ import annotations

import gc
import os
import signal

import pytest
from hypothesis import HealthCheck, settings

from tests.engine import shared

# How long an example takes is no property of the code: other work of the machine failed tests.
settings.register_profile("default", settings.get_profile("default"), deadline=None, suppress_health_check=[HealthCheck.too_slow])


def pytest_configure(config: pytest.Config) -> None:
    # A shell lets what it starts in the background ignore these, and so would every program that a test interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    if _is_first(config):
        shared.begin()


def pytest_unconfigure(config: pytest.Config) -> None:
    if _is_first(config):
        shared.end()


def _is_first(config: pytest.Config) -> bool:
    """Whether this is no worker of pytest-xdist."""
    return not hasattr(config, "workerinput")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than processors: an image build often waits for the network or the disk."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Side by side, the long files come first, so that no worker is left alone with one at the end."""
    if not _is_first(config):
        items.sort(key=lambda item: item.get_closest_marker("engine") is None)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What ten thousand tests are made of stays until the end, and every collection of garbage would look at it again."""
    gc.collect()
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="Write the expected Dockerfiles anew; review the difference.")
