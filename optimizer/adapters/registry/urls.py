"""Addresses of registries, and where requests may go."""

from __future__ import annotations

from urllib.parse import SplitResult, urljoin, urlsplit

from optimizer.adapters.registry.messages import clean

_PORTS = {"http": 80, "https": 443}


def is_loopback(host: str) -> bool:
    """Whether a host, with or without a port, is this machine by one of its two usual names."""
    return host.partition(":")[0] in ("127.0.0.1", "localhost")


def is_safe(url: str) -> bool:
    """Whether a request may go there: over TLS, or to this machine."""
    split = _split(url)
    if split is None or not split.hostname:
        return False
    return split.scheme == "https" or (split.scheme == "http" and is_loopback(split.hostname))


def host_of(url: str) -> str:
    """The host with its port, if it has one, as errors name it."""
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2]


def shown(url: str) -> str:
    """An address as errors name it: its login and its query may be secrets."""
    scheme, separator, rest = url.partition("#")[0].partition("?")[0].partition("://")
    host, slash, path = rest.partition("/")
    return clean(f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}")


def origin_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port; a login for one origin is not for another."""
    split = _split(url)
    if split is None:
        return ("", "", 0)
    return (split.scheme, split.hostname or "", split.port or _PORTS.get(split.scheme, 0))


def joined(base: str, target: str) -> str:
    """The address that an answer names, which may be part of one; empty where it is none."""
    try:
        return urljoin(base, target)
    except ValueError:
        return ""


def _split(url: str) -> SplitResult | None:
    try:
        split = urlsplit(url)
        # Read here, where an impossible port is an error.
        _ = split.port
    except ValueError:
        return None
    return split
