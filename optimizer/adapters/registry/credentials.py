"""Which logins commands use."""

from __future__ import annotations

from optimizer.adapters.registry.docker_config import DockerConfigCredentials
from optimizer.adapters.registry.ecr import EcrCredentials
from optimizer.adapters.registry.login import Login
from optimizer.model.ecr import EcrRegistry


class DefaultCredentials:
    """Private Amazon ECR through AWS credentials, every other registry through Docker's logins.

    What Docker's configuration has for one ECR host by name, in ``credHelpers``
    or ``DOCKER_AUTH_CONFIG``, comes first.
    """

    def __init__(self, docker: DockerConfigCredentials | None = None, ecr: EcrCredentials | None = None) -> None:
        self._docker = docker or DockerConfigCredentials()
        self._ecr = ecr or EcrCredentials()

    def login(self, host: str) -> Login | None:
        """The login for a registry's host; None for anonymous access.  Raises RegistryError."""
        if EcrRegistry.parse(host) is None:
            return self._docker.login(host)
        # docker-credential-ecr-login answers every failure with "not found"; AWS is asked then, and gives the reason.
        named = self._docker.login(host) if self._docker.names(host) else None
        return named or self._ecr.login(host)
