"""What a client may do at registries: logins, and tokens by scope."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import httpx

from optimizer.adapters.registry.challenges import parse_challenges
from optimizer.adapters.registry.login import Credentials, Login
from optimizer.adapters.registry.messages import ASK_OWNER, clean, refused
from optimizer.adapters.registry.transport import Request, Transport, is_safe
from optimizer.errors import RegistryError


class Session:
    """Keeps an authorization for each registry and scope, as long as the client lives.

    A scope is ``repository:NAME:ACTIONS``, such as
    ``repository:lambda/python:pull``
    (https://distribution.github.io/distribution/spec/auth/scope/).
    """

    def __init__(self, transport: Transport, credentials: Credentials) -> None:
        self._transport = transport
        self._credentials = credentials
        self._authorizations: dict[tuple[str, str], str] = {}

    def authorization(self, host: str, scope: str) -> str | None:
        """The ``Authorization`` header that served the scope before; None when there was none."""
        return self._authorizations.get((host, scope))

    def authorize(self, host: str, scope: str, challenge: Iterable[str], subject: str) -> str | None:
        """A new ``Authorization`` header, as the ``WWW-Authenticate`` headers of a refusal ask for.

        None where they ask for a login that there is not.  Raises RegistryError.
        """
        challenges = parse_challenges(challenge)
        login = self._credentials.login(host)
        if "bearer" in challenges:
            made = f"Bearer {self._token(host, scope, challenges['bearer'], login, subject)}"
        elif "basic" in challenges and login is not None:
            made = login.basic
        else:
            return None
        self._authorizations[host, scope] = made
        return made

    def _token(self, host: str, scope: str, challenge: Mapping[str, str], login: Login | None, subject: str) -> str:
        realm = challenge.get("realm", "")
        try:
            url = httpx.URL(realm)
        except httpx.InvalidURL:
            url = httpx.URL("")
        if not is_safe(url):
            raise RegistryError(f'registry "{host}" sends to "{clean(realm)}" for a token; allowed: an https address', hint=ASK_OWNER)
        # A challenge without a repository (public.ecr.aws has "aws") would give a token for nothing of ours.
        asked = challenge.get("scope", "")
        query = {"scope": asked if asked.startswith("repository:") else scope}
        if challenge.get("service"):
            query["service"] = challenge["service"]
        headers = {"Authorization": login.basic} if login is not None else {}
        request = Request(url=str(url.copy_merge_params(query)), headers=headers, subject=subject)
        response = self._transport.fetch(request)
        if response.status != 200:
            raise refused(host, response.status, response.body, f'a token for "{subject}"')
        document = response.document("token", subject)
        token = document.get("token") or document.get("access_token")
        if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
            raise RegistryError(f'registry "{host}" gave no token', hint=ASK_OWNER)
        return token
