"""What a client may do at registries: logins, and tokens by scope."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from optimizer.adapters.registry.challenges import parse_challenges
from optimizer.adapters.registry.login import Credentials, Login
from optimizer.adapters.registry.messages import ASK_OWNER, refused
from optimizer.adapters.registry.transport import Request, Transport
from optimizer.adapters.registry.urls import is_safe, shown
from optimizer.errors import RegistryError

_CLIENT_ID = "lambda-image-optimizer"


class Session:
    """Keeps the login of each registry, and an authorization for each of its scopes, as long as the client lives.

    A scope is ``repository:NAME:ACTIONS``, such as
    ``repository:lambda/python:pull``
    (https://distribution.github.io/distribution/spec/auth/scope/).
    """

    def __init__(self, transport: Transport, credentials: Credentials) -> None:
        self._transport = transport
        self._credentials = credentials
        self._logins: dict[str, Login | RegistryError | None] = {}
        self._authorizations: dict[tuple[str, str], str] = {}
        # A credential helper is asked once, however many threads wait for its answer.
        self._asking = threading.Lock()

    def authorization(self, host: str, scope: str) -> str | None:
        """The ``Authorization`` header that the scope had last; None when it had none."""
        return self._authorizations.get((host, scope))

    def authorize(self, host: str, scope: str, challenge: Iterable[str], subject: str) -> str | None:
        """A new ``Authorization`` header, as the ``WWW-Authenticate`` headers of a refusal ask for.

        None where they ask for a login that there is not.  Raises RegistryError.
        """
        challenges = parse_challenges(challenge)
        with self._asking:
            return self._authorize(host, scope, challenges, subject)

    def _authorize(self, host: str, scope: str, challenges: Mapping[str, Mapping[str, str]], subject: str) -> str | None:
        login = self._login(host) or Login()
        if "bearer" in challenges:
            made: str | None = f"Bearer {login.registry_token or self._token(host, scope, challenges['bearer'], login, subject)}"
        else:
            made = login.basic if "basic" in challenges else None
        if made is not None:
            self._authorizations[host, scope] = made
        return made

    def _login(self, host: str) -> Login | None:
        """The login for a host, looked up once: a credential helper may need seconds, or a person."""
        if host not in self._logins:
            try:
                self._logins[host] = self._credentials.login(host)
            except RegistryError as error:
                self._logins[host] = error
        found = self._logins[host]
        if isinstance(found, RegistryError):
            raise found
        return found

    def _token(self, host: str, scope: str, challenge: Mapping[str, str], login: Login, subject: str) -> str:
        realm = challenge.get("realm", "")
        if not is_safe(realm):
            raise RegistryError(f'registry "{host}" sends to "{shown(realm)}" for a token; allowed: an https address', hint=ASK_OWNER)
        # A challenge without a repository (public.ecr.aws has "aws") would give a token for nothing of ours.
        asked = challenge.get("scope", "")
        query = {"scope": asked if asked.startswith("repository:") else scope}
        if challenge.get("service"):
            query["service"] = challenge["service"]
        if login.identity_token:
            # https://distribution.github.io/distribution/spec/auth/oauth/
            form = {**query, "grant_type": "refresh_token", "refresh_token": login.identity_token, "client_id": _CLIENT_ID}
            request = Request(url=realm, method="POST", form=form, subject=subject)
        else:
            headers = {"Authorization": login.basic} if login.basic else {}
            request = Request(url=f"{realm}{'&' if '?' in realm else '?'}{urlencode(query)}", headers=headers, subject=subject)
        response = self._transport.fetch(request)
        if response.status == 400 and login.identity_token:
            # The answer of OAuth 2.0 to a token that has expired or was withdrawn.
            raise RegistryError(
                f'registry "{host}" does not accept the identity token of its login (400)', hint=f"log in again with `docker login {host}`"
            )
        if response.status != 200:
            raise refused(host, response.status, response.body, f'a token for "{subject}"')
        document = response.document("token", subject)
        token = document.get("token") or document.get("access_token")
        if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
            raise RegistryError(f'registry "{host}" gave no token', hint=ASK_OWNER)
        return token
