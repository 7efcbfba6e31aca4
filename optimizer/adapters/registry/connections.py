"""Connections to registries, straight or through the proxies of the environment, with the certificates of both."""

from __future__ import annotations

import os
import ssl
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

from urllib3 import BaseHTTPResponse, PoolManager, ProxyManager, Timeout, make_headers
from urllib3.exceptions import HTTPError

from optimizer.adapters import record
from optimizer.adapters.registry.messages import broken, reason_of
from optimizer.adapters.registry.urls import is_loopback, shown
from optimizer.errors import RegistryError

_CONNECT_S = 10
PATIENCE_S = 30
"""How many seconds a registry has for any part of an answer."""
_HEADERS = {"User-Agent": "lambda-image-optimizer", "Accept-Encoding": "identity"}
_CONNECTIONS = 16
"""How many connections to one host are kept; more are made where more threads ask."""


class Connections:
    """Opens requests, from as many threads as ask; nothing is made before the first."""

    def __init__(self) -> None:
        self._managers: dict[str, PoolManager] = {}
        self._making = threading.Lock()

    def open(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | Iterable[bytes] | None, patience_s: float = PATIENCE_S
    ) -> BaseHTTPResponse:
        """The answer to one request, its body not read yet; redirects are answers too.

        ``patience_s`` is how many seconds it waits for any part of the answer.

        Raises :class:`urllib3.exceptions.HTTPError`, and RegistryError for
        settings of the environment that no request can be made with.
        """
        manager = self._manager(url)
        started = time.monotonic()
        try:
            answer = manager.request(
                method,
                url,
                headers={**_HEADERS, **headers},
                body=body,
                timeout=Timeout(connect=_CONNECT_S, read=patience_s),
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except (HTTPError, OSError) as error:
            record.tell_request(method, shown(url), started, status=f"no answer: {broken(error)}")
            raise
        sent = str(len(body)) if isinstance(body, bytes) else headers.get("Content-Length")
        record.tell_request(method, shown(url), started, status=answer.status, sent=sent, received=answer.headers.get("Content-Length"))
        return answer

    def close(self) -> None:
        """Close all connections; the next request opens new ones."""
        for manager in self._managers.values():
            manager.clear()
        self._managers = {}

    def _manager(self, url: str) -> PoolManager:
        scheme, host = urlsplit(url).scheme, urlsplit(url).hostname or ""
        proxy = _proxy(scheme, host)
        key = f"{scheme} {proxy}"
        with self._making:
            if key not in self._managers:
                try:
                    self._managers[key] = _made(scheme, proxy)
                except (HTTPError, ValueError, OSError) as error:
                    raise RegistryError(
                        f"no HTTP client with this environment: {reason_of(error).replace(_login_of(proxy), '')}",
                        hint="check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR",
                    ) from None
            return self._managers[key]


def _made(scheme: str, proxy: str) -> PoolManager:
    # Certificates are read from disk, which a registry on this machine does not need.
    context = _certificates() if scheme == "https" or proxy.startswith("https:") else None
    if not proxy:
        return PoolManager(maxsize=_CONNECTIONS, ssl_context=context)
    user = urlsplit(proxy)
    login = f"{unquote(user.username)}:{unquote(user.password or '')}" if user.username else None
    headers = make_headers(proxy_basic_auth=login) if login else None
    return ProxyManager(proxy, maxsize=_CONNECTIONS, ssl_context=context, proxy_headers=headers)


def _login_of(proxy: str) -> str:
    """What an address has of a login, with the character after it."""
    login, separator, _ = proxy.partition("://")[2].rpartition("@")
    return login + separator


def _certificates() -> ssl.SSLContext:
    """Those that SSL_CERT_FILE and SSL_CERT_DIR name, else the system's and Mozilla's: not every Python finds the system's."""
    file, directory = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file or directory:
        return ssl.create_default_context(cafile=file or None, capath=directory or None)
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _proxy(scheme: str, host: str) -> str:
    """The proxy for a host; empty where there is none, as for this machine, which no proxy can reach."""
    set_here = any(name.lower().endswith("_proxy") for name in os.environ)
    if is_loopback(host) or not (set_here or sys.platform in ("darwin", "win32")):
        return ""
    # Imported here: it costs as much as all else that a request needs.
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    found = proxies.get(scheme) or proxies.get("all", "")
    if not found or proxy_bypass(host):
        return ""
    return found if "://" in found else f"http://{found}"
