"""A function as it is run on this machine, and what came of one event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from optimizer.model.architectures import DEFAULT_ARCHITECTURE

DEFAULT_MEMORY_MB = 128
DEFAULT_TIMEOUT_S = 3
DEFAULT_TMP_MB = 512
"""Source of the defaults: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html"""

LARGEST_EVENT = 6 * 1024 * 1024
"""Bytes of an event of a synchronous invocation: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What Lambda would start a function with.

    ``command``, ``entrypoint`` and ``workdir`` are empty where the image
    decides.  ``environment`` are the function's own variables;
    ``unknown`` says of each value that only a deployment knows what it is.
    """

    name: str
    architecture: str = DEFAULT_ARCHITECTURE
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    workdir: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)
    memory_mb: int = DEFAULT_MEMORY_MB
    timeout_s: int = DEFAULT_TIMEOUT_S
    tmp_mb: int = DEFAULT_TMP_MB
    region: str | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """What came of one event.

    ``answer`` is what the function answered, or, with a ``failure``, the error
    document that Lambda gives; ``failure`` says why in words, and is empty for
    an answer.  ``init_s`` is None where the runtime did not come so far as to
    ask for an event, and ``duration_s`` where it did not get one.  ``log`` is
    what the container wrote.  ``remarks`` say what else was seen.
    """

    answer: bytes
    failure: str = ""
    init_s: float | None = None
    duration_s: float | None = None
    log: str = ""
    remarks: tuple[str, ...] = ()
