"""Packages of a lock, release by release."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Release:
    """One package of a lock: ``version`` is all that the lock says of which one it is, ``size_bytes`` what an installer fetches; None where unknown."""

    version: str
    size_bytes: int | None = None
