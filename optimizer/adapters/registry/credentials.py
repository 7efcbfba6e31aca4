"""Which logins a command uses."""

from __future__ import annotations

from optimizer.adapters.registry.docker_config import DockerConfigCredentials
from optimizer.adapters.registry.ecr import EcrCredentials
from optimizer.adapters.registry.login import Credentials, Login


class FirstOf:
    """The first login that any of several sources has."""

    def __init__(self, *sources: Credentials) -> None:
        self._sources = sources

    def login(self, host: str) -> Login | None:
        """The first source's login that is not None; None when no source has one."""
        for source in self._sources:
            found = source.login(host)
            if found is not None:
                return found
        return None


def default_credentials() -> Credentials:
    """Private ECR through AWS credentials, every other registry through ``docker login``."""
    return FirstOf(EcrCredentials(), DockerConfigCredentials())
