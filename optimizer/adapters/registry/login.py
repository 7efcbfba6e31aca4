"""A login for a registry, and who gives one."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A user name and a password for one registry."""

    username: str
    password: str = field(repr=False)

    @property
    def basic(self) -> str:
        """The value of an ``Authorization`` header."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode("ascii")


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
