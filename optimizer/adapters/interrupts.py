"""Requests to end this process, from people, CI runners and closed terminals."""

from __future__ import annotations

import signal


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

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # Who started the program may have it ignore one, as nohup does.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, interrupt)
