"""What is asked of whom, and how long it took: requests, programs and files, for ``--verbose``.

Everything that leaves this process passes one of a few edges, and each says here what it did. Nobody listens unless
:func:`recorded` is called, and then a secret is not told: see :func:`without_secrets`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from optimizer.report.sizes import size_text

_HIDDEN = "***"
_MOST_LETTERS = 200
"""Of one argument, so many are told: some are whole programs."""
_MOST_FILES = 200
"""So many files are told by name, and the others counted."""
_LEAST_SECRET = 6
"""Shorter values of variables are words like any other: hiding them would hide all that holds them."""

_SECRET_NAME = (
    r"[\w.-]*(?:password|passwd|passphrase|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key|authorization)[\w.-]*"
)
_LOGIN = re.compile(r"(?<=://)[^/\s@'\"]+@")
_ASSIGNED = re.compile(rf"(?i)\b({_SECRET_NAME}=)(?:'[^']*'|\"[^\"]*\"|[^\s,&'\"]+)")
_OPTION = re.compile(rf"(?i)--?(?:{_SECRET_NAME})")
_WHOLE = re.compile(rf"(?is)((?:.*[^\w.-])?{_SECRET_NAME}=).+")
"""A word that is a variable or an option with its value, in which there may be anything."""
_HEADER = re.compile(r"(?i)\b(bearer|basic) [\w.~+/=-]{8,}")
_NAMED_SECRET = re.compile(rf"(?i){_SECRET_NAME}")
# They name where a secret is, and hold none.
_PLACES = ("--secret", "--password-stdin", "--token-file")
_NAMES_OF_PLACES = ("_FILE", "_PATH", "_DIR", "_URI", "_URL")

_listener: _Listener | None = None


class _Listener:
    def __init__(self, take: Callable[[str], None]) -> None:
        self.take = take
        self.started = time.monotonic()
        self.files: set[str] = set()
        self.left_out = 0
        self.hidden = _secrets_of(os.environ)
        self.lock = threading.RLock()

    def tell(self, text: str) -> None:
        with self.lock:
            self.take(f"{time.monotonic() - self.started:8.3f} s  {without_secrets(text, self.hidden)}")


@contextmanager
def recorded(take: Callable[[str], None]) -> Iterator[None]:
    """Give each thing that is asked of others to ``take``, as a line; it is called by the thread that asks, one at a time.

    A line begins with the seconds since the block began.
    """
    global _listener
    before, _listener = _listener, _Listener(take)
    _watch_files()
    try:
        yield
    finally:
        own, _listener = _listener, before
        if own.left_out:
            own.tell(f"read {own.left_out} more files")


def tell(text: str) -> None:
    """Tell the listener; cheap where there is none."""
    if _listener is not None:
        _listener.tell(text)


def tell_request(
    method: str, address: str, started: float, *, status: int | str, received: str | None = None, sent: str | None = None
) -> None:
    """Tell of a request that began at that time of :func:`time.monotonic`; the sizes are those of the headers, in digits."""
    if _listener is not None:
        sizes = [f"{size_text(int(size))} {what}" for size, what in ((sent, "sent"), (received, "received")) if size and size.isdecimal()]
        _listener.tell(f"{method} {address}: {', '.join([str(status), *sizes])} in {time.monotonic() - started:.3f} s")


def tell_calls(events: Any) -> None:
    """Let the client or the session of boto3 that has these events tell of each of its calls."""
    events.register("before-call", _before_call)
    events.register("after-call", _after_call)


def _before_call(context: dict[str, Any], **_: Any) -> None:
    context["optimizer_started"] = time.monotonic()


def _after_call(http_response: Any, model: Any, context: dict[str, Any], **_: Any) -> None:
    started = context.get("optimizer_started")
    if started is not None:
        service = model.service_model.service_name
        size = http_response.headers.get("Content-Length")
        region = context.get("client_region") or ""
        tell_request(
            "AWS", f"{service} {model.name}{f' {region}' if region else ''}", started, status=http_response.status_code, received=size
        )


class Told:
    """A program that runs; ``code`` is its exit code once it has ended."""

    code: int | None = None


@contextmanager
def told_program(words: Sequence[str]) -> Iterator[Told]:
    """Tell of a program when it has ended, or could not be run."""
    started, told = time.monotonic(), Told()
    try:
        yield told
    finally:
        if _listener is not None:
            how = "did not end well" if told.code is None else f"exit code {told.code}"
            tell(f"ran {shown_words(words)}: {how} in {time.monotonic() - started:.3f} s")


def run(words: Sequence[str], **options: Any) -> subprocess.CompletedProcess[Any]:
    """:func:`subprocess.run`, which is told."""
    with told_program(words) as told:
        done = subprocess.run(words, **options)  # noqa: S603 - a list of arguments, and no shell
        told.code = done.returncode
    return done


def shown_words(words: Sequence[str]) -> str:
    """The words of a command for people, without secrets; long ones are cut."""
    # Imported here, because only --verbose shows commands.
    import shlex

    shown = []
    secret = False
    for word in map(str, words):
        if secret and not word.startswith("-"):
            shown.append(_HIDDEN)
            secret = False
            continue
        secret = (bool(_OPTION.fullmatch(word)) and word not in _PLACES) or (word == "-p" and "login" in words)
        word = _WHOLE.sub(rf"\1{_HIDDEN}", word)
        more = f"… ({len(word)} characters)" if len(word) > _MOST_LETTERS else ""
        shown.append(shlex.quote(without_secrets(word[:_MOST_LETTERS])) + more)
    return " ".join(shown)


def without_secrets(text: str, values: Sequence[str] = ()) -> str:
    """The text without logins in addresses, values of what is named as a secret, headers of logins, and the values given."""
    for value in values:
        text = text.replace(value, _HIDDEN)
    text = _LOGIN.sub(f"{_HIDDEN}@", text)
    text = _HEADER.sub(rf"\1 {_HIDDEN}", text)
    return _ASSIGNED.sub(rf"\1{_HIDDEN}", text)


def _secrets_of(environment: Mapping[str, str]) -> list[str]:
    """The values of variables that are named as secrets, the longest first: one may hold another."""
    values = {
        value
        for name, value in environment.items()
        if _NAMED_SECRET.fullmatch(name) and not name.upper().endswith(_NAMES_OF_PLACES) and len(value) >= _LEAST_SECRET
    }
    return sorted(values, key=lambda value: (-len(value), value))


_watched = False


def _watch_files() -> None:
    """Be told by Python of each file that is opened: https://docs.python.org/3/library/audit_events.html.

    Such a hook stays until the process ends, and does nothing while nobody listens.
    """
    global _watched
    if not _watched:
        _watched = True
        sys.addaudithook(_opened)


# The files of Python and of this program say nothing of the project.
_OWN = tuple(os.path.join(os.path.realpath(path), "") for path in {sys.prefix, sys.base_prefix, os.path.dirname(os.path.dirname(__file__))})
_SYSTEM = ("/dev/", "/proc/", "/sys/", "/usr/lib/", "/usr/share/", "/etc/ssl/")


def _opened(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "open" or _listener is None:
        return
    path, _, flags = arguments
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    if not isinstance(path, (str, os.PathLike)) or not isinstance(flags, int):
        return
    name = os.fspath(path)
    writes = bool(flags & (os.O_WRONLY | os.O_RDWR))
    whole = os.path.abspath(name)
    if whole.startswith((*_SYSTEM, *_OWN)):
        return
    listener = _listener
    there = os.path.exists(whole)
    if there and os.path.isdir(whole):
        return
    with listener.lock:
        said = f"write {name}" if writes else f"read {name}{'' if there else ': there is none'}"
        if said in listener.files:
            return
        listener.files.add(said)
        if len(listener.files) > _MOST_FILES:
            listener.left_out += 1
            return
        listener.tell(said)
