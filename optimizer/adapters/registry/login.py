"""A login for a registry, and who gives one."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What Docker stores about one registry; empty where it stores nothing.

    ``identity_token`` is exchanged for access tokens at the registry's token
    endpoint.  ``registry_token`` is sent to the registry itself.

    Source: https://pkg.go.dev/github.com/docker/cli/cli/config/types#AuthConfig
    """

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)

    @property
    def basic(self) -> str | None:
        """The value of an ``Authorization`` header; None without a user name or without a password."""
        if not self.username or not self.password:
            return None
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode("ascii")

    @property
    def usable(self) -> bool:
        """Whether there is anything to log in with."""
        return bool(self.basic or self.identity_token or self.registry_token)


class Credentials(Protocol):
    """Where logins come from; asked only after a registry wants one."""

    def login(self, host: str) -> Login | None:
        """The login for a registry's host, with its port; None for anonymous access.

        Raises RegistryError where a login is known to be needed and cannot be had.
        """
        ...


class Anonymous:
    """No credentials."""

    def login(self, host: str) -> Login | None:
        return None
