"""How long tests wait for what has to come: as long as it may still come."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 600
"""After so long a test takes what does not come for something that hangs.

It is no measure: on a busy machine everything may take twenty times as long,
and a test that waits goes on at once when it has what it waits for.
"""
_LOOK_S = 0.05
_ASK_EACH = 20
"""To ask whether it is lost may take a process."""


def wait_until(
    happened: Callable[[], object], *, lost: Callable[[], object] = lambda: False, said: Callable[[], object] = lambda: ""
) -> None:
    """Wait for what has to happen; an AssertionError with what is ``said`` where that is ``lost``, or does not come."""
    end = time.monotonic() + PATIENCE_S
    looks = 0
    while not happened():
        looks += 1
        # What happened last may have been the end of it.
        assert looks % _ASK_EACH or not lost() or happened(), said()
        assert time.monotonic() < end, said()
        time.sleep(_LOOK_S)
