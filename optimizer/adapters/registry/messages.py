"""The words of errors about registries."""

from __future__ import annotations

import json

from optimizer.errors import RegistryError, UnknownImageError

ASK_OWNER = "try again; if it fails again, ask the team that runs the registry or the mirror"

ATTEMPTS = 5
"""How many times a request is sent in all."""

RETRY_STATUS = frozenset({429, 500, 502, 503, 504})
"""Statuses after which a request is sent again."""


def refused(host: str, status: int, body: bytes, what: str) -> RegistryError:
    """The error for a final status that is not the wanted one; UnknownImageError for 404."""
    reported = _first_error(body)
    if status == 401:
        return RegistryError(f'registry "{host}" requires a login for {what} (401{reported})', hint=_login_hint(host))
    if status == 403:
        return RegistryError(f'registry "{host}" denies {what} (403{reported})', hint=_login_hint(host))
    if status == 404:
        return UnknownImageError(
            f'registry "{host}" does not know {what} (404{reported})', hint="check the repository and the tag for a misspelling"
        )
    if status in RETRY_STATUS:
        return RegistryError(
            f'registry "{host}" answered {status} to {ATTEMPTS} requests for {what}{reported and f" ({reported[2:]})"}',
            hint="run the command again later",
        )
    return RegistryError(f'registry "{host}" answered {status} for {what}{reported and f" ({reported[2:]})"}', hint=ASK_OWNER)


def unreachable(host: str, reason: str, subject: str) -> RegistryError:
    """The error for a connection that cannot be made, or breaks every time."""
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        hint = "if your network has a certificate authority of its own, set SSL_CERT_FILE to its bundle"
    elif "WRONG_VERSION_NUMBER" in reason or "RECORD_LAYER_FAILURE" in reason:
        hint = "the registry uses plain HTTP, which is allowed for 127.0.0.1 and localhost only: put it behind TLS"
    else:
        hint = "check the name of the registry, the network and the proxy settings; base images may come from a mirror (--mirror HOST[/PREFIX])"
    return RegistryError(f'registry "{host}" cannot be reached for "{subject}": {reason}', hint=hint)


def reason_of(error: BaseException) -> str:
    """An exception's text on one line; its type where it has none."""
    return clean(str(error)) or type(error).__name__


def broken(error: BaseException) -> str:
    """Why a request failed, in the words of what failed first: libraries wrap that in their own."""
    from urllib3 import exceptions

    if isinstance(error, (exceptions.IncompleteRead, exceptions.InvalidChunkLength)):
        return "the connection was closed before the end of the answer"
    if isinstance(error, exceptions.TimeoutError) and not isinstance(error, exceptions.NewConnectionError):
        return "no answer in time"
    for wrapped in (error.__cause__, error.__context__, *error.args):
        if isinstance(error, exceptions.HTTPError) and isinstance(wrapped, Exception):
            return broken(wrapped)
    return reason_of(error)


def clean(value: object) -> str:
    """Text from outside on one printable line of at most 200 characters."""
    text = "".join(letter if letter.isprintable() else " " for letter in str(value))
    return text if len(text) <= 200 else text[:199] + "…"


def _first_error(body: bytes) -> str:
    """``, CODE: message`` of the first error in the registry's answer; empty when there is none."""
    try:
        first = json.loads(body)["errors"][0]
        return ", " + clean(f"{first['code']}: {first.get('message', '')}".rstrip(": "))
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return ""


def _login_hint(host: str) -> str:
    if ".dkr.ecr" in host:
        return "check that the AWS credentials may call ecr:GetAuthorizationToken, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer"
    return f"log in with `docker login {host}`, or log out if an old login is refused"
