"""Requests to end this process, from people, CI runners and closed terminals."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_REQUESTS = tuple(number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None)


def take_requests_to_end() -> None:
    """Let each request clean up, as an interrupt does: it raises KeyboardInterrupt in the main thread.

    Runners send a second one while the first is still being carried out; from
    the third on they are meant.
    """
    requests = 0

    def interrupt(*_: object) -> None:
        nonlocal requests
        requests += 1
        if requests != 2:
            raise KeyboardInterrupt

    for number in _REQUESTS:
        # Who started the program may have it ignore one, as nohup does.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, interrupt)


@contextmanager
def requests_held_back() -> Iterator[Callable[[], None]]:
    """Requests to end wait until the given function is called, or until the end of the block.

    For what must not be left half done: a program that was started is known to
    whoever ends it.  Other threads than the main one are never interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    came: list[tuple[int, FrameType | None]] = []
    handlers: dict[int, Any] = {}

    def let_through() -> None:
        while handlers:
            number, handler = handlers.popitem()
            signal.signal(number, handler)
            for request in [request for request in came if request[0] == number]:
                came.remove(request)
                handler(*request)

    try:
        for number in _REQUESTS:
            handler = signal.getsignal(number)
            # Not one that is ignored, nor one that ends the process at once.
            if callable(handler):
                handlers[number] = handler
                signal.signal(number, lambda number, frame: came.append((number, frame)))
        yield let_through
    finally:
        let_through()
