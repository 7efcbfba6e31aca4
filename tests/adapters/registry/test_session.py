"""Authorizations by scope: one for pulls never stands in for one that may push."""

from __future__ import annotations

import datetime

from optimizer.adapters.registry.login import Anonymous
from optimizer.adapters.registry.session import Session
from optimizer.adapters.registry.transport import Transport
from tests.adapters.registry_server import RegistryServer

PULL, PUSH = "repository:shop:pull", "repository:shop:pull,push"


def test_each_scope_has_a_token_of_its_own(server: RegistryServer) -> None:
    transport = Transport(lambda _: None, lambda: datetime.datetime.now(datetime.timezone.utc))
    session = Session(transport, Anonymous())
    challenge = [f'Bearer realm="http://{server.host}/token/"']
    for scope in (PULL, PUSH):
        assert session.authorization(server.host, scope) is None
        assert session.authorize(server.host, scope, challenge, "shop") == f"Bearer token-for-{scope}"
    assert session.authorization(server.host, PULL) == f"Bearer token-for-{PULL}"
    assert session.authorization(server.host, PUSH) == f"Bearer token-for-{PUSH}"
    assert session.authorization("other.example.com", PULL) is None
    transport.close()
    assert len(server.requests) == 2
