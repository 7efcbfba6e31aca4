"""Read-only calls to AWS, with what their failures mean for a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from optimizer.audit.inventory import Gap
from optimizer.errors import ConfigurationError
from optimizer.model.ecr import EcrRegistry
from optimizer.model.text import printable

WORKERS = 8
"""Calls at once in a place: below the quotas of ECR and Lambda, whose clients slow down by themselves when they are refused."""

_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError")
_THROTTLED = (
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "LimitExceededException",
    "SlowDown",
)
_UNKNOWN_HERE = ("InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure")
"""What AWS says of credentials that it does not know, and in a Region that is not enabled for the account of all."""

_CREDENTIALS = (
    "ExpiredToken",
    "ExpiredTokenException",
    "TokenRefreshRequired",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    *_UNKNOWN_HERE,
)
_LOG_IN = "log in to AWS again, for example with `aws sso login`, or set --profile"
LOG_IN_OR_REGION = f"{_LOG_IN}; a Region that is not enabled for the account refuses them too"
_REACH = "check the name of the Region and the network"


class Missing(Exception):
    """What was asked for is not there."""


class Unread(Exception):
    """What was asked for could not be read; everything else can go on."""

    def __init__(self, gap: Gap) -> None:
        self.gap = gap
        super().__init__(gap.reason)


@dataclass(frozen=True, slots=True)
class Asker:
    """The services of an account in a Region; ``clients`` are those of boto3 by service, which threads may share.

    ``identified`` asks elsewhere whether AWS still takes the credentials.
    """

    place: EcrRegistry
    clients: dict[str, Any]
    identified: Callable[[], bool] = lambda: False

    def ask(
        self,
        service: str,
        method: str,
        *,
        what: str,
        hides: Literal["users", "images", "setting"],
        missing: tuple[str, ...] = (),
        **arguments: Any,
    ) -> dict[str, Any]:
        """The answer to one call.

        Raises :class:`Missing` for the error codes in ``missing``,
        :class:`Unread` for a call that is not allowed, or that AWS does not
        answer after all retries, and :class:`ConfigurationError` where no
        further call would be answered either: credentials are missing or expired.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        client = self.clients[service]
        try:
            return dict(getattr(client, method)(**arguments))
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in missing:
                raise Missing from None
            if code in _UNKNOWN_HERE and self.identified():
                reason = f"{self.place.region} is not enabled for the account: {_reason(error)}"
                raise Unread(self._gap(client, service, method, what, hides, reason, "unavailable")) from None
            if code in _CREDENTIALS:
                raise _no_credentials(str(error)) from None
            raise Unread(self._gap(client, service, method, what, hides, _reason(error), _kind(code))) from None
        except BotoCoreError as error:
            if is_credentials(error):
                raise _no_credentials(str(error)) from None
            raise Unread(self._gap(client, service, method, what, hides, printable(str(error)), "unavailable")) from None

    def pages(self, service: str, method: str, *, key: str, send: str = "", **arguments: Any) -> Iterator[dict[str, Any]]:
        """The pages of a list; ``key`` is that of the answer that leads to the next, ``send`` the argument that takes it."""
        following: dict[str, Any] = {}
        while True:
            page = self.ask(service, method, **arguments, **following)
            yield page
            if not page.get(key):
                return
            following = {send or key: page[key]}

    def _gap(self, client: Any, service: str, method: str, what: str, hides: Any, reason: str, kind: Any) -> Gap:
        action = f"{service}:{client.meta.method_to_api_mapping[method]}"
        return Gap(place=self.place, what=what, action=action, reason=reason, kind=kind, hides=hides)


def _kind(code: str) -> str:
    return "permission" if code in _DENIED else "throttled" if code in _THROTTLED else "unavailable"


def _reason(error: Any) -> str:
    found = error.response.get("Error", {})
    # The message of a denied call names the caller and the resource, and is what an administrator asks for.
    return printable(f"{found.get('Code', '')}: {found.get('Message', '')}")


def is_credentials(error: Exception) -> bool:
    """Whether the error of botocore says that there are no credentials which work."""
    from botocore import exceptions

    names = (
        "NoCredentialsError",
        "PartialCredentialsError",
        "CredentialRetrievalError",
        "SSOError",
        "TokenRetrievalError",
        "RefreshWithMFAUnsupportedError",
    )
    return isinstance(error, tuple(getattr(exceptions, name) for name in names if hasattr(exceptions, name)))


def _no_credentials(text: str) -> ConfigurationError:
    return ConfigurationError(f"AWS does not take the credentials, and nothing is reported: {printable(text)}", hint=LOG_IN_OR_REGION)


def is_unknown_here(error: Exception) -> bool:
    """Whether a Region does not know credentials, which others may know."""
    from botocore.exceptions import ClientError

    return isinstance(error, ClientError) and error.response.get("Error", {}).get("Code", "") in _UNKNOWN_HERE


def translated(call: Callable[[], Any], message: str, hint: str = _LOG_IN) -> Any:
    """What the call gives; an error of botocore as one of ours, whose message begins so."""
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
    from botocore.exceptions import ConnectionError as NoConnection

    try:
        return call()
    except ClientError as error:
        raise ConfigurationError(f"{message}: {_reason(error)}", hint=hint) from None
    except (HTTPClientError, NoConnection) as error:
        raise ConfigurationError(f"{message}: {printable(str(error))}", hint=_REACH) from None
    except BotoCoreError as error:
        raise ConfigurationError(f"{message}: {printable(str(error))}", hint=hint) from None
